//! The clinic's drawings: each can be drawn, reads in light and dark, belongs to
//! something, and stands in the docs.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use psoas_bot::app::dialogs_dir;
use psoas_bot::content::{self, Content, Easier, Move, MoveStep, Severity};
use psoas_bot::ids::{Lang, PictureId};
use psoas_bot::picture::{self, DrawingError};
use resvg::tiny_skia::PremultipliedColorU8;

fn folder(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn clinic() -> Content {
    let sources = dialogs_dir::read(&folder("dialogs")).unwrap();
    content::parse(&sources, "tuscany-spa").unwrap().content
}

/// The drawings of one way of a move: of its steps, and of what is easier.
fn drawn<'a>(
    steps: &'a [MoveStep],
    easier: Option<&'a Easier>,
) -> impl Iterator<Item = &'a PictureId> {
    let steps = steps.iter().map(|step| &step.picture);
    steps.chain(easier.map(|easier| &easier.picture)).flatten()
}

/// All drawings of a move, in whatever way it is done.
fn drawings(exercise: &Move) -> impl Iterator<Item = &PictureId> {
    let instead = exercise.instead.iter();
    let usual = drawn(&exercise.steps, exercise.easier.as_ref());
    usual.chain(instead.flat_map(|way| drawn(&way.steps, way.easier.as_ref())))
}

/// On a dark phone nothing may shine through, and lines must stand out; below
/// each drawing are its words in the reader's language.
#[test]
fn every_drawing_has_its_own_ground_and_strong_lines() {
    let clinic = clinic();
    let mut seen = BTreeSet::new();
    for (id, one) in &clinic.pictures {
        for lang in Lang::ALL {
            let pixels = picture::pixels(&one.svg, &one.caption.plain(lang)).unwrap();
            assert_eq!((pixels.width(), pixels.height()), (1200, 1032), "{id}");
            let all = pixels.pixels();
            assert!(all.iter().all(|pixel| pixel.alpha() == 255), "{id}");
            let dark = |pixels: &[PremultipliedColorU8]| {
                let light = |pixel: &&PremultipliedColorU8| {
                    u32::from(pixel.red()) + u32::from(pixel.green()) + u32::from(pixel.blue())
                };
                pixels.iter().filter(|pixel| light(pixel) < 160).count()
            };
            let (drawing, caption) = all.split_at(1200 * 900);
            assert!(dark(drawing) * 100 > drawing.len(), "{id}");
            assert!(dark(caption) * 100 > caption.len(), "{id} says nothing");
            // Free on both sides: no letter is cut off.
            let sides = caption
                .chunks(1200)
                .flat_map(|row| [&row[..30], &row[1170..]]);
            assert_eq!(sides.map(dark).sum::<usize>(), 0, "{id}");
            assert!(
                seen.insert(one.png(lang).unwrap().to_vec()),
                "{id} is drawn twice"
            );
        }
        assert_ne!(one.hash(Lang::En), one.hash(Lang::Es), "{id}");
    }
}

#[test]
fn a_caption_is_one_line_of_letters_there_are() {
    for fits in ["Knees bent, feet flat", "¿Señal? Así, ¡más!", "A < B & C"] {
        assert!(picture::check_caption(fits).is_ok(), "{fits}");
    }
    assert!(matches!(
        picture::check_caption("Лежа на спине"),
        Err(DrawingError::Letter('Л'))
    ));
    let long = "Lying on your back, lower legs on a chair seat";
    assert!(matches!(
        picture::check_caption(long),
        Err(DrawingError::Long(_))
    ));
}

/// Who is told to do it otherwise must not be shown the usual way, and no step is read
/// below the drawing of another one.
#[test]
fn every_way_of_a_move_is_drawn_from_its_first_step() {
    let clinic = clinic();
    let mut used: BTreeSet<&PictureId> = BTreeSet::new();
    for (id, exercise) in &clinic.moves.list {
        let usual = (&exercise.steps, &exercise.easier);
        let instead = exercise.instead.iter().map(|way| (&way.steps, &way.easier));
        for (steps, easier) in std::iter::once(usual).chain(instead) {
            assert!(steps[0].picture.is_some(), "{id}");
            assert!(
                steps.iter().filter(|step| step.picture.is_some()).count() >= 2,
                "{id}"
            );
            let is_drawn = easier
                .as_ref()
                .is_none_or(|easier| easier.picture.is_some());
            assert!(is_drawn, "{id}: the easier way");
        }
        used.extend(drawings(exercise));
    }
    for dialog in clinic.dialogs.values() {
        used.extend(dialog.steps.values().flat_map(|step| &step.pictures));
    }
    let unused: Vec<_> = clinic
        .pictures
        .keys()
        .filter(|id| !used.contains(id))
        .collect();
    assert!(unused.is_empty(), "shown nowhere: {unused:?}");
}

#[test]
fn a_drawing_holds_lines_and_areas_alone() {
    let with = |inside: &str| {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3">{inside}</svg>"#)
    };
    assert!(picture::check(&with(r#"<rect width="4" height="3"/>"#)).is_ok());
    for foreign in [
        "<text>3</text>",
        r#"<image width="1" height="1"/>"#,
        r#"<use href="other.svg"/>"#,
        r#"<rect fill="url(a)"/>"#,
    ] {
        let found = picture::check(&with(foreign));
        assert!(matches!(found, Err(DrawingError::Foreign(_))), "{foreign}");
    }
    assert!(matches!(
        picture::check("no"),
        Err(DrawingError::Unreadable(_))
    ));
    let tall = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 9"/>"#;
    assert!(matches!(picture::check(tall), Err(DrawingError::Size)));
}

#[test]
fn check_says_what_is_wrong_with_a_drawing() {
    let sources = dialogs_dir::read(&folder("dialogs")).unwrap();
    let found = |change: &dyn Fn(&mut content::Sources)| {
        let mut sources = sources.clone();
        change(&mut sources);
        let found = match content::parse(&sources, "tuscany-spa") {
            Ok(parsed) => parsed.warnings,
            Err(found) => found,
        };
        found
            .into_iter()
            .map(|one| (one.severity, one.place.file, one.message))
            .collect::<Vec<_>>()
    };
    let missing = found(&|sources| {
        sources.files.remove("pictures/X4-1.svg");
    });
    assert!(missing.iter().any(|(severity, file, message)| {
        *severity == Severity::Error
            && file == "pictures.yaml"
            && message == "there is no drawing `pictures/X4-1.svg`"
    }));
    let wordy = found(&|sources| {
        let pictures = sources.files.get_mut("pictures.yaml").unwrap();
        *pictures = pictures.replace(
            "\"Stand up slowly\"",
            "\"Stand up slowly, with both hands on the arms\"",
        );
    });
    assert!(wordy.iter().any(|(severity, file, message)| {
        *severity == Severity::Error && file == "pictures.yaml" && message.contains("too long")
    }));
    let spoiled = found(&|sources| {
        let svg = sources.files.get_mut("pictures/X4-1.svg").unwrap();
        *svg = svg.replace("</svg>", "<text>4</text></svg>");
    });
    assert!(
        spoiled.iter().any(|(_, file, message)| {
            file == "pictures/X4-1.svg" && message.contains("`<text`")
        })
    );
    let unnamed = found(&|sources| {
        let svg = sources.files["pictures/X4-1.svg"].clone();
        sources.files.insert("pictures/X9-9.svg".to_owned(), svg);
    });
    assert!(unnamed.iter().any(|(severity, file, _)| {
        *severity == Severity::Warning && file == "pictures/X9-9.svg"
    }));
    let unknown = found(&|sources| {
        let moves = sources.files.get_mut("moves.yaml").unwrap();
        *moves = moves.replace("picture: X4-2", "picture: X4-3");
    });
    assert!(unknown.iter().any(|(_, file, message)| {
        file == "moves.yaml" && message == "there is no picture `X4-3`"
    }));
}

/// The page of all drawings is made from the content. `UPDATE=1 cargo test
/// --test it -- the_page_of_all_drawings` writes it anew.
#[test]
fn the_page_of_all_drawings_shows_each() {
    let clinic = clinic();
    let mut page = String::from(
        "# The drawings\n\nAll drawings the bot sends. The bold words are drawn below each, in the reader's language; the others say what is on it, for those who cannot see it. Made from `dialogs/pictures.yaml` by a test; \
         change them there.\nOrange is where a mild pull may be felt. A blue arrow is where the body goes. \
         Not clinically reviewed.\n",
    );
    let mut show = |heading: &str, pictures: &mut dyn Iterator<Item = &PictureId>| {
        let _ = write!(page, "\n## {heading}\n");
        for id in pictures {
            let one = &clinic.pictures[id];
            let [(en, below), (es, debajo)] =
                Lang::ALL.map(|lang| (one.alt.plain(lang), one.caption.plain(lang)));
            let _ = write!(
                page,
                "\n<img src=\"../dialogs/pictures/{id}.svg\" width=\"390\" alt=\"{en}\">\n\n`{id}` **{below}**: {en}  \n*{debajo}: {es}*\n"
            );
        }
    };
    for exercise in clinic.moves.list.values() {
        let mut shown = BTreeSet::new();
        let mut all = drawings(exercise).filter(|id| shown.insert(*id));
        show(&exercise.name.plain(Lang::En), &mut all);
    }
    let of_moves: BTreeSet<&PictureId> = clinic.moves.list.values().flat_map(drawings).collect();
    let mut rest = clinic.pictures.keys().filter(|id| !of_moves.contains(id));
    show("Checks", &mut rest);
    let path = folder("docs/pictures.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/pictures.md is not as the content has it"
    );
}
