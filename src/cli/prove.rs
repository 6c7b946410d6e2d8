//! `psoas-bot prove`.
use std::path::Path;
use std::process::ExitCode;
use crate::app::dialogs_dir;
use crate::content;
/// Proves.
///
/// # Errors
/// none
pub fn run(dir: &Path) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(dir)?;
    let t = std::time::Instant::now();
    let Ok(parsed) = content::parse(&sources, "tuscany-spa") else { anyhow::bail!("bad") };
    println!("parse {:?}", t.elapsed());
    let t = std::time::Instant::now();
    for line in crate::proof::try_it(&parsed.content) { println!("{line}"); }
    println!("{:?}", t.elapsed());
    Ok(ExitCode::SUCCESS)
}
