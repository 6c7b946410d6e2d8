//! The program's own preview, as a child.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A preview that runs until it is dropped; then it is killed.
pub struct Running {
    child: Child,
    /// The page.
    pub url: String,
}

impl Running {
    /// Starts it with its data in `folder`.
    pub fn start(folder: &Path) -> Self {
        let root = env!("CARGO_MANIFEST_DIR");
        let mut child = Command::new(env!("CARGO_BIN_EXE_psoas-bot"))
            .arg("preview")
            .env_clear()
            .env("DATA_DIR", folder.join("data"))
            .env("DIALOGS_DIR", format!("{root}/dialogs"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("its output");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let at = line.find("http://")?;
            Some(line[at..].trim().to_owned())
        });
        let url = url.expect("the preview prints its link");
        Self { child, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
