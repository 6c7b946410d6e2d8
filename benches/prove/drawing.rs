//! The drawing of how a proof grows: four panels on one scale, light and dark.

use std::fmt::Write as _;

/// What grows, and how long the proof then takes.
pub struct Line {
    /// What is doubled.
    pub name: String,
    /// How many of it, and seconds.
    pub points: Vec<(usize, f64)>,
}

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 300.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 240.0;
const LEFT: f64 = 56.0;
const GAP: f64 = 28.0;

/// Colours of both modes, and the one type of letters.
const STYLE: &str = "
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #3d4451 }
  .title { font-weight: 600; font-size: 15px; fill: #1c2330 }
  .name { font-weight: 600 }
  .small { font-size: 11px; fill: #6b7280 }
  .grid { stroke: #d8dce3; stroke-width: 1 }
  .line { stroke: #0f766e; stroke-width: 2.5; fill: none; stroke-linejoin: round; stroke-linecap: round }
  .dot { fill: #0f766e; stroke: #ffffff; stroke-width: 2 }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3cad5 }
    .title { fill: #f0f3f8 }
    .small { fill: #949eae }
    .grid { stroke: #343b47 }
    .line { stroke: #5eead4 }
    .dot { fill: #5eead4; stroke: #14181f }
    .paper { fill: #14181f }
  }
";

/// Draws the lines, each in a panel of its own.
pub fn draw(lines: &[Line]) -> String {
    let most = lines
        .iter()
        .flat_map(|line| &line.points)
        .fold(0.0_f64, |most, (_, seconds)| most.max(*seconds));
    let step = round_step(most / 4.0);
    let top_value = (most / step).ceil().max(1.0) * step;
    let y = |seconds: f64| BOTTOM - (BOTTOM - TOP) * seconds / top_value;
    let panels = lines.len().max(1) as f64;
    let panel = (WIDTH - LEFT - GAP * panels) / panels;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"Seconds a proof takes as steps, flags, screens and rules grow\">\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"10\"/>\n<text class=\"title\" x=\"16\" y=\"28\">Seconds to prove, as one thing grows and the others stay</text>\n"
    );
    let ticks = (top_value / step).round() as usize;
    for (at, line) in lines.iter().enumerate() {
        let left = LEFT + at as f64 * (panel + GAP);
        for tick in 0..=ticks {
            let value = tick as f64 * step;
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\"/>",
                left + panel,
                y(value)
            );
            if at == 0 {
                let _ = writeln!(
                    out,
                    "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    left - 8.0,
                    y(value) + 4.0,
                    plain(value)
                );
            }
        }
        let inset = 16.0;
        let apart = (panel - 2.0 * inset) / (line.points.len().max(2) - 1) as f64;
        let places: Vec<(f64, f64)> = line
            .points
            .iter()
            .enumerate()
            .map(|(at, (_, seconds))| (left + inset + at as f64 * apart, y(*seconds)))
            .collect();
        let path: Vec<String> = places
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            out,
            "<polyline class=\"line\" points=\"{}\"/>",
            path.join(" ")
        );
        for ((x, y), (many, seconds)) in places.iter().zip(&line.points) {
            let _ = writeln!(
                out,
                "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"
            );
            let _ = writeln!(
                out,
                "<text class=\"small\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                y - 10.0,
                plain(*seconds)
            );
            let _ = writeln!(
                out,
                "<text class=\"small\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{many}</text>",
                BOTTOM + 18.0
            );
        }
        let _ = writeln!(
            out,
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            left + panel / 2.0,
            BOTTOM + 42.0,
            line.name
        );
    }
    out.push_str("</svg>\n");
    out
}

/// 1, 2 or 5 times a power of ten, at least this.
fn round_step(least: f64) -> f64 {
    let least = least.max(1e-3);
    let power = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|times| times * power >= least);
    times.unwrap_or(10.0) * power
}

/// As few digits as tell it.
fn plain(seconds: f64) -> String {
    if seconds == 0.0 {
        "0".to_owned()
    } else if seconds < 0.1 {
        format!("{seconds:.2}")
    } else if seconds < 10.0 {
        format!("{seconds:.1}")
    } else {
        format!("{seconds:.0}")
    }
}
