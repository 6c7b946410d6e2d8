//! Patches of a content: unified diffs below a line that says what they do.
//!
//! The words of the content change all the time, so a hunk goes where its lines
//! stand, or where lines stand that are nearly the same.

use psoas_bot::content::Sources;

/// Lines at least this alike are taken for the same.
const ALIKE_MIN: f64 = 0.8;

pub struct Patch {
    /// The first line.
    pub says: String,
    files: Vec<(String, Vec<Hunk>)>,
}

#[derive(Default)]
struct Hunk {
    old: Vec<String>,
    new: Vec<String>,
}

impl Patch {
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let says = lines.next().unwrap_or_default().to_owned();
        let mut files: Vec<(String, Vec<Hunk>)> = Vec::new();
        for line in lines {
            if line.starts_with("--- ") {
                continue;
            }
            if let Some(file) = line.strip_prefix("+++ b/") {
                files.push((file.to_owned(), Vec::new()));
                continue;
            }
            let Some((_, hunks)) = files.last_mut() else {
                continue;
            };
            if line.starts_with("@@") {
                hunks.push(Hunk::default());
                continue;
            }
            let Some(hunk) = hunks.last_mut() else {
                continue;
            };
            let (mark, rest) = line.split_at(line.len().min(1));
            if mark != "+" {
                hunk.old.push(rest.to_owned());
            }
            if mark != "-" {
                hunk.new.push(rest.to_owned());
            }
        }
        Self { says, files }
    }

    pub fn apply(&self, sources: &Sources) -> Result<Sources, String> {
        let mut sources = sources.clone();
        for (file, hunks) in &self.files {
            let text = sources.files.entry(file.clone()).or_default();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            for hunk in hunks {
                let at = hunk
                    .place(&lines)
                    .ok_or_else(|| format!("{file} has no lines like {:?}", hunk.old))?;
                lines.splice(at..at + hunk.old.len(), hunk.new.iter().cloned());
            }
            *text = lines.join("\n") + "\n";
        }
        Ok(sources)
    }
}

impl Hunk {
    fn place(&self, lines: &[String]) -> Option<usize> {
        if self.old.is_empty() {
            return Some(0);
        }
        let mut windows = lines.windows(self.old.len()).enumerate();
        if let Some((at, _)) = windows.find(|(_, window)| *window == self.old) {
            return Some(at);
        }
        let alike = |window: &[String]| {
            let sum: f64 = window
                .iter()
                .zip(&self.old)
                .map(|(is, was)| strsim::normalized_levenshtein(is, was))
                .sum();
            sum / self.old.len() as f64
        };
        lines
            .windows(self.old.len())
            .enumerate()
            .map(|(at, window)| (at, alike(window)))
            .filter(|(_, alike)| *alike >= ALIKE_MIN)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(at, _)| at)
    }
}
