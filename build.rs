//! Names the prover: a hash of every source that a verdict rests on.
//!
//! A verdict is kept under this name. A number in the code would have to be
//! raised by hand with each change, and one day nobody would.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// The prover and everything it calls: it plays what it finds through the
/// engine, so a change of the engine is a change of the prover.
const ROOMS: [&str; 7] = [
    "proof",
    "dialog",
    "content",
    "free_text",
    "triage",
    "picture",
    "ids",
];

fn main() -> Result<(), Box<dyn Error>> {
    // Crates too: how a file is read is part of what was proved.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = BTreeMap::new();
    files.insert("Cargo.lock".to_owned(), fs::read("Cargo.lock")?);
    for room in ROOMS {
        for path in [format!("src/{room}.rs"), format!("src/{room}")] {
            // One that is missing would count as changed at every build.
            if Path::new(&path).exists() {
                println!("cargo::rerun-if-changed={path}");
            }
            collect(Path::new(&path), &mut files)?;
        }
    }
    // The standard hash may differ from one compiler to the next. Then
    // everything is proved once more, and nothing is believed wrongly.
    let mut hash = DefaultHasher::new();
    files.hash(&mut hash);
    println!("cargo::rustc-env=PROVER_VERSION={:016x}", hash.finish());
    Ok(())
}

/// Every file below a path, by its name; a path that is not there has none.
fn collect(path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.insert(path.display().to_string(), fs::read(path)?);
    }
    Ok(())
}
