//! How long a proof takes, and how that grows with steps, flags, screens and
//! rules: the numbers and the drawing of docs/proof.md.
//!
//! The shipped content first, then an edit of one of its dialogs, then generated
//! contents. Each size is proved once, on two threads as the program does it.
//! `cargo bench --bench prove -- shipped` or `-- largest` does only that.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use psoas_bot::app::dialogs_dir;
use psoas_bot::app::gate::{self, Proved};
use psoas_bot::content::{self, Content, Sources};
use psoas_bot::proof::Property;

#[path = "prove/drawing.rs"]
mod drawing;
#[path = "prove/generated.rs"]
mod generated;

use drawing::Line;
use generated::{Size, generated};

const CLINIC: &str = "tuscany-spa";

/// What each growth begins from: about the shipped content.
const BASE: Size = Size {
    steps: 500,
    flags: 60,
    screens: 7,
    rules: 10,
};

/// What must be proved in 30 s and 1 GB.
const LARGEST: Size = Size {
    steps: 5_000,
    flags: 200,
    screens: 40,
    rules: 40,
};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name == only);
    let sources = dialogs_dir::read(&root.join("dialogs")).expect("dialogs are read");
    let mut table = String::from(
        "| content | steps | flags | screens | rules | states | seconds |\n| --- | --: | --: | --: | --: | --: | --: |\n",
    );
    if wanted("shipped") {
        row(&mut table, "shipped", &parse(&sources));
        let mut edited = sources.clone();
        let text = edited.files.get_mut("quiz.yaml").expect("it is there");
        *text = text.replacen("A small quiz", "A very small quiz", 1);
        row(&mut table, "shipped, a dialog edited", &parse(&edited));
    }
    if wanted("largest") {
        row(&mut table, "the largest", &made(LARGEST, &sources));
        println!("most memory so far: {} MB", peak_megabytes());
    }
    if wanted("growth") {
        let lines = growth(&mut table, &sources);
        let drawn = drawing::draw(&lines);
        fs::write(root.join("docs/images/proof-time.svg"), drawn).expect("the drawing is written");
    }
    println!("{table}");
    if only.is_none() {
        write_table(&root.join("docs/proof.md"), &table);
    }
}

/// Each of the four sizes by itself, doubled and doubled again.
fn growth(table: &mut String, base: &Sources) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut grow = |name: &str, sizes: Vec<(usize, Size)>| {
        let points = sizes.into_iter().map(|(value, size)| {
            let label = format!("{value} {name}");
            (value, row(table, &label, &made(size, base)))
        });
        lines.push(Line {
            name: name.to_owned(),
            points: points.collect(),
        });
    };
    let doubled = |from: usize| (0..4).map(move |times| from << times);
    grow(
        "steps",
        doubled(625)
            .map(|steps| (steps, Size { steps, ..BASE }))
            .collect(),
    );
    grow(
        "flags",
        doubled(25)
            .map(|flags| (flags, Size { flags, ..BASE }))
            .collect(),
    );
    grow(
        "screens",
        doubled(5)
            .map(|screens| (screens, Size { screens, ..BASE }))
            .collect(),
    );
    grow(
        "rules",
        doubled(5)
            .map(|rules| (rules, Size { rules, ..BASE }))
            .collect(),
    );
    lines
}

fn parse(sources: &Sources) -> Content {
    match content::parse(sources, CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => panic!(
            "the content has errors: {:#?}",
            &found[..found.len().min(5)]
        ),
    }
}

fn made(size: Size, base: &Sources) -> Content {
    parse(&generated(size, base, CLINIC))
}

/// Proves a content, and gives the seconds that took.
fn row(table: &mut String, name: &str, content: &Content) -> f64 {
    let began = Instant::now();
    let proved = gate::prove(content, None, &Property::ALL, |_| {});
    let seconds = began.elapsed().as_secs_f64();
    let each: Vec<String> = proved.iter().map(told).collect();
    println!("{name}: {seconds:.2} s ({})", each.join(", "));
    for one in &proved {
        for finding in &one.report.findings {
            println!("  {}: {}", finding.property.id(), finding.what);
        }
    }
    let steps: usize = content
        .dialogs
        .values()
        .map(|dialog| dialog.steps.len())
        .sum();
    let states: usize = proved.iter().map(|one| one.report.states).sum();
    let _ = writeln!(
        table,
        "| {name} | {steps} | {} | {} | {} | {states} | {seconds:.2} |",
        content.flags.len(),
        content.screens.len(),
        content.rules.rules.len()
    );
    seconds
}

fn told(one: &Proved) -> String {
    format!("{} {:.0} ms", one.report.property.id(), one.millis)
}

/// The most memory this process has had at once.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| {
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kilobytes.unwrap_or_default() / 1024
}

/// Writes the table between its marks.
fn write_table(file: &Path, table: &str) {
    const FROM: &str = "<!-- bench -->\n";
    const TO: &str = "<!-- /bench -->";
    let text = fs::read_to_string(file).expect("the docs are read");
    let from = text.find(FROM).expect("the docs have the mark") + FROM.len();
    let to = text.find(TO).expect("the docs have the mark");
    let text = format!("{}{table}{}", &text[..from], &text[to..]);
    fs::write(file, text).expect("the docs are written");
}
