//! `pictures.yaml` and the drawings in `pictures/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::build::{Builder, place};
use super::diagnostic::Place;
use super::model::{Drawn, Picture};
use super::readability::Measure;
use super::{Sources, raw};
use crate::ids::{Lang, PictureId, Revision};
use crate::picture;

const FILE: &str = "pictures.yaml";

/// Telegram takes captions up to this many UTF-16 units.
const ALT_UNITS_MAX: usize = 1024;

pub(super) fn build_pictures(
    builder: &mut Builder,
    file: raw::Pictures,
    sources: &Sources,
) -> BTreeMap<PictureId, Picture> {
    let mut pictures = BTreeMap::new();
    for (name, words) in file.pictures.0 {
        let raw::Picture { caption, alt, .. } = words;
        builder.id(FILE, &name);
        let here = place(FILE, &name);
        builder.placeholders(&here, &alt, &[]);
        builder.readable(&here, &alt, Measure::Talk, None);
        for lang in Lang::ALL {
            if let Err(error) = picture::check_caption(&caption.plain(lang)) {
                builder.error_with(
                    here.clone(),
                    error.to_string(),
                    Some(
                        "About 40 letters fit. What is on the drawing stands in `alt`.".to_owned(),
                    ),
                );
            }
        }
        let is_long = |lang| alt.plain(lang).encode_utf16().count() > ALT_UNITS_MAX;
        if Lang::ALL.into_iter().any(is_long) {
            builder.error(
                here.clone(),
                format!(
                    "the words of `{}` are longer than {ALT_UNITS_MAX} characters",
                    name.value
                ),
            );
        }
        let path = path_of(&name.value);
        let Some(svg) = sources.files.get(&path) else {
            builder.error_with(
                here,
                format!("there is no drawing `{path}`"),
                Some("Put the SVG there, or take the name away here.".to_owned()),
            );
            continue;
        };
        if let Err(error) = picture::check(svg) {
            let bytes = 0..0;
            builder.error(Place { file: path, bytes }, error.to_string());
        }
        let drawn = Lang::ALL.map(|lang| {
            let all = [picture::LOOK, svg, &caption.plain(lang)].join("\0");
            let hash = Revision::new(&blake3::hash(all.as_bytes()).to_hex()[..16]);
            let png = OnceLock::new();
            (lang, Drawn { hash, png })
        });
        pictures.insert(
            PictureId::new(&name.value),
            Picture {
                alt,
                caption,
                svg: svg.clone(),
                drawn: BTreeMap::from(drawn),
            },
        );
    }
    let named: BTreeSet<String> = pictures.keys().map(|id| path_of(id.as_str())).collect();
    for path in sources.files.keys().filter(|path| path.ends_with(".svg")) {
        if !named.contains(path) {
            let place = Place {
                file: path.clone(),
                bytes: 0..0,
            };
            builder.warn(
                place,
                format!("this drawing has no words in {FILE}, so it is never shown"),
            );
        }
    }
    pictures
}

fn path_of(picture: &str) -> String {
    format!("pictures/{picture}.svg")
}
