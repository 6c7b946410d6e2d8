//! The master key: the one secret that must not lie beside the data.
//!
//! Whoever has the data folder and not this key reads nothing but keys of rows.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretBox};
use zeroize::{Zeroize, Zeroizing};

use super::medium;

/// The length of every key here.
pub(super) const KEY_BYTES: usize = 32;

/// Nobody but the owner may read, write or run the file.
const WIDE_PERMISSIONS: u32 = 0o077;

/// The key that all patients' keys are wrapped with. Never prints.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads 64 hexadecimal digits; white space around them is ignored.
    pub fn from_hex(digits: &str) -> Result<Self, MasterKeyError> {
        let digits = digits.trim().as_bytes();
        if digits.len() != 2 * KEY_BYTES {
            return Err(MasterKeyError::NotHex);
        }
        let mut key = Box::new([0; KEY_BYTES]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            match (hex_digit(pair[0]), hex_digit(pair[1])) {
                (Some(high), Some(low)) => *byte = high << 4 | low,
                (None, _) | (_, None) => {
                    key.zeroize();
                    return Err(MasterKeyError::NotHex);
                }
            }
        }
        Ok(Self(SecretBox::new(key)))
    }

    /// A new key from the system's random source.
    pub fn random() -> io::Result<Self> {
        Ok(Self(SecretBox::new(Box::new(super::random()?))))
    }

    /// Reads the key from a file that only its owner may read, or makes the
    /// file with a new key when there is none.
    ///
    /// Check the path with [`check_outside`] first.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |attempt| {
            move |source| MasterKeyError::File {
                attempt,
                path: path.to_owned(),
                source,
            }
        };
        match fs::metadata(path) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & WIDE_PERMISSIONS != 0 {
                    return Err(MasterKeyError::Permissions {
                        path: path.to_owned(),
                        mode,
                    });
                }
                let digits = Zeroizing::new(fs::read_to_string(path).map_err(failed("read"))?);
                Self::from_hex(&digits)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::random().map_err(failed("make a key for"))?;
                let mut digits = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
                for byte in key.0.expose_secret() {
                    for digit in [byte >> 4, byte & 15] {
                        digits.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                    }
                }
                digits.push('\n');
                medium::write_new_file(path, digits.as_bytes()).map_err(failed("create"))?;
                Ok(key)
            }
            Err(error) => Err(failed("look at")(error)),
        }
    }

    /// A key of its own for one purpose, so that no key has two.
    pub(super) fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(blake3::derive_key(purpose, self.0.expose_secret()))
    }
}

/// Refuses a key file inside the data folder: a copy of the folder, such as a
/// backup, would then carry its own key.
pub fn check_outside(key_file: &Path, data_dir: &Path) -> Result<(), MasterKeyError> {
    let resolved = |path: &Path| {
        resolve(path).map_err(|source| MasterKeyError::File {
            attempt: "resolve",
            path: path.to_owned(),
            source,
        })
    };
    if resolved(key_file)?.starts_with(resolved(data_dir)?) {
        return Err(MasterKeyError::Inside {
            path: key_file.to_owned(),
            data_dir: data_dir.to_owned(),
        });
    }
    Ok(())
}

/// Follows links as far as the path exists.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for existing in path.ancestors() {
        match fs::canonicalize(existing) {
            Ok(real) => {
                let rest = path.strip_prefix(existing).map_err(io::Error::other)?;
                return Ok(real.join(rest));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(path)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 64 hexadecimal digits.
    #[error("the master key must be 64 hexadecimal digits")]
    NotHex,
    /// Others may read the file.
    #[error(
        "the key file {path} has mode {mode:o}, others may read it: run chmod 600 on it",
        path = path.display()
    )]
    Permissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It lies in the data folder.
    #[error(
        "the key file {path} must not lie in the data folder {data_dir}",
        path = path.display(),
        data_dir = data_dir.display()
    )]
    Inside {
        /// The key file.
        path: PathBuf,
        /// The data folder.
        data_dir: PathBuf,
    },
    /// The file could not be used.
    #[error("failed to {attempt} the key file {path}", path = path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// The key file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}
