//! Counts as bars, in the drawings' own colours and letters.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{DrawingError, GROUND, INK, WIDTH_PX, escaped, paint, with_letters};

/// Bars under a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// What is counted.
    pub title: String,
    /// Groups of bars, each with a gap before it.
    pub groups: Vec<Vec<Bar>>,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// What is counted.
    pub label: String,
    /// How many.
    pub count: u64,
    /// What it says to whoever reads it.
    pub tone: Tone,
}

/// What a bar says, by its colour; the label says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// A part of the way.
    Way,
    /// It ended well.
    Good,
    /// A warning.
    Warning,
}

impl Tone {
    const fn colour(self) -> &'static str {
        match self {
            Self::Way => "#6a86b8",
            Self::Good => "#5f9a78",
            Self::Warning => "#b8553f",
        }
    }
}

/// All in units of which 600 are as wide as the picture.
const WIDTH: u32 = 600;
const MARGIN: u32 = 32;
const ROW: u32 = 60;
const GAP: u32 = 18;
const HEAD: u32 = 84;

/// The chart as a PNG, [`WIDTH_PX`] wide. The longest bar is the largest count.
///
/// # Errors
/// When it has no room for so many bars, or its pixels cannot be packed.
pub fn png(chart: &Chart) -> Result<Vec<u8>, DrawingError> {
    let tree = with_letters(&svg(chart))?;
    let height = tree.size().height() * WIDTH_PX as f32 / tree.size().width();
    paint(&[&tree], height as u32)?
        .encode_png()
        .map_err(|_| DrawingError::Pack)
}

fn svg(chart: &Chart) -> String {
    let bars = chart.groups.iter().flatten();
    let most = bars.clone().map(|bar| bar.count).max().unwrap_or_default();
    let rows = u32::try_from(bars.count()).unwrap_or(u32::MAX);
    let gaps = u32::try_from(chart.groups.len()).unwrap_or(u32::MAX);
    let height = rows
        .saturating_mul(ROW)
        .saturating_add(gaps.saturating_mul(GAP))
        .saturating_add(HEAD);
    let full = WIDTH - 2 * MARGIN;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="Atkinson Hyperlegible" font-weight="700" fill="{INK}">
<rect width="{WIDTH}" height="{height}" fill="{GROUND}"/>
<text x="{MARGIN}" y="56" font-size="32">{}</text>
"##,
        escaped(&chart.title)
    );
    let mut top = HEAD;
    for group in &chart.groups {
        for bar in group {
            let long = u64::from(full) * bar.count / most.max(1);
            let (text, line) = (top + 24, top + 34);
            let _ = write!(
                svg,
                r##"<text x="{MARGIN}" y="{text}" font-size="25">{}</text>
<text x="{}" y="{text}" font-size="25" text-anchor="end">{}</text>
<rect x="{MARGIN}" y="{line}" width="{full}" height="12" rx="6" fill="#e9e0d0"/>
"##,
                escaped(&bar.label),
                WIDTH - MARGIN,
                bar.count,
            );
            // A single one among thousands is still to be seen; none is no bar.
            if bar.count > 0 {
                let _ = writeln!(
                    svg,
                    r##"<rect x="{MARGIN}" y="{line}" width="{}" height="12" rx="6" fill="{}"/>"##,
                    long.max(12),
                    bar.tone.colour()
                );
            }
            top += ROW;
        }
        top += GAP;
    }
    svg.push_str("</svg>");
    svg
}
