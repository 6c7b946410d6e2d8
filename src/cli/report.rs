//! Findings as people read them: file, line, column, the line itself, advice.

use std::fmt;

use miette::{
    Diagnostic as _, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource,
    Severity as Shown,
};

use crate::content::{Diagnostic, Severity, Sources};

/// One finding beside its file.
#[derive(Debug)]
struct Finding {
    diagnostic: Diagnostic,
    source: NamedSource<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Finding {}

impl miette::Diagnostic for Finding {
    fn severity(&self) -> Option<Shown> {
        Some(match self.diagnostic.severity {
            Severity::Error => Shown::Error,
            Severity::Warning => Shown::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let bytes = &self.diagnostic.place.bytes;
        let label = LabeledSpan::underline((bytes.start, bytes.len()));
        Some(Box::new(std::iter::once(label)))
    }
}

/// Renders findings, each with its snippet.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let text = sources
            .files
            .get(&diagnostic.place.file)
            .cloned()
            .unwrap_or_default();
        let mut diagnostic = diagnostic.clone();
        let bytes = &mut diagnostic.place.bytes;
        bytes.end = bytes.end.min(text.len());
        bytes.start = bytes.start.min(bytes.end);
        let source = NamedSource::new(&diagnostic.place.file, text);
        let finding = Finding { diagnostic, source };
        debug_assert!(finding.severity().is_some(), "every finding has a severity");
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut out, &finding);
        out.push('\n');
    }
    out
}
