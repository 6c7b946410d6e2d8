//! Reads a folder of dialogs from disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::content::{self, FILE_BYTES_MAX, Sources};

/// Why a folder of dialogs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such folder.
    #[error(
        "there is no folder {}. Run this beside the folder of dialogs, or name that folder",
        path.display()
    )]
    NoFolder {
        /// Which.
        path: PathBuf,
    },
    /// The folder holds no dialog.
    #[error(
        "{} holds no dialogs: it needs red-flags.yaml and the other files that docs/dialog-language.md lists. Is it the right folder?",
        path.display()
    )]
    NoDialogs {
        /// Which.
        path: PathBuf,
    },
    /// The folder or a file of it.
    #[error("failed to read {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A dialog is words; this is something else.
    #[error("{} is larger than {FILE_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
}

/// Reads every `.yaml` of `folder`, of its `clinics/` and `hearing/`, and of each
/// clinic's own folder there, and the drawings.
///
/// # Errors
/// When the folder or one of its files cannot be read.
pub fn read(folder: &Path) -> Result<Sources, ReadError> {
    let mut sources = Sources::default();
    if !folder.is_dir() {
        let path = folder.to_owned();
        return Err(ReadError::NoFolder { path });
    }
    read_into(&mut sources, folder, "", ".yaml")?;
    for (below, ending) in [
        ("hearing", ".yaml"),
        ("hearing", ".weights"),
        ("", content::TABLE_FILE),
        ("clinics", ".yaml"),
        ("pictures", ".svg"),
    ] {
        let prefix = match below {
            "" => String::new(),
            below => format!("{below}/"),
        };
        let folder = folder.join(below);
        if folder.is_dir() {
            read_into(&mut sources, &folder, &prefix, ending)?;
        }
    }
    let names: Vec<String> = content::clinics(&sources).map(str::to_owned).collect();
    for name in names {
        let own = folder.join("clinics").join(&name);
        if own.is_dir() {
            read_into(&mut sources, &own, &format!("clinics/{name}/"), ".yaml")?;
        }
    }
    if sources.files.is_empty() {
        let path = folder.to_owned();
        return Err(ReadError::NoDialogs { path });
    }
    Ok(sources)
}

fn read_into(
    sources: &mut Sources,
    folder: &Path,
    prefix: &str,
    ending: &str,
) -> Result<(), ReadError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| ReadError::Io { path, cause }
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        // An editor's own files start with a dot or end in `~`.
        if !name.ends_with(ending) || name.starts_with('.') {
            continue;
        }
        let size = fs::metadata(&path).map_err(failed(&path))?.len();
        if size > FILE_BYTES_MAX as u64 {
            return Err(ReadError::TooLarge { path });
        }
        let text = fs::read_to_string(&path).map_err(failed(&path))?;
        sources.files.insert(format!("{prefix}{name}"), text);
    }
    Ok(())
}
