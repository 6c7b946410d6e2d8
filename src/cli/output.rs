//! Writing for whoever reads the terminal.
//!
//! The standard macros panic when the reader went away: a closed terminal, a log
//! collector that ended, `| head`. A bot must go on then, so these do not.

/// [`std::println!`], for a reader who may have gone.
macro_rules! outln {
    ($($words:tt)*) => {
        $crate::cli::output::write(std::io::stdout(), format_args!("{}\n", format_args!($($words)*)))
    };
}

/// [`std::print!`], for a reader who may have gone.
macro_rules! out {
    ($($words:tt)*) => {
        $crate::cli::output::write(std::io::stdout(), format_args!($($words)*))
    };
}

/// [`std::eprintln!`], for a reader who may have gone.
macro_rules! errln {
    ($($words:tt)*) => {
        $crate::cli::output::write(std::io::stderr(), format_args!("{}\n", format_args!($($words)*)))
    };
}

/// [`std::eprint!`], for a reader who may have gone.
macro_rules! err {
    ($($words:tt)*) => {
        $crate::cli::output::write(std::io::stderr(), format_args!($($words)*))
    };
}

/// What cannot be written has nobody to read it, and is no reason to stop.
pub(super) fn write(mut to: impl std::io::Write, words: std::fmt::Arguments<'_>) {
    let _ = to.write_fmt(words);
    let _ = to.flush();
}

pub(super) use {err, errln, out, outln};
