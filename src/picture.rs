//! Drawings: from the lines an illustrator wrote to the pixels a phone shows.
//!
//! Pure: the same drawing and caption give the same pixels. A drawing is lines
//! and areas alone. What would need a font, a file or a network is refused, so
//! nothing is missing in it on one machine and there on another. The caption
//! below it is set in a font that is part of the program.

pub mod chart;

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb;
use resvg::{tiny_skia, usvg};

/// How wide a drawing is sent, in pixels: about three for each point of a phone
/// that is 390 wide, so that lines stay crisp.
pub const WIDTH_PX: u32 = 1200;

/// Changes whenever a drawing with its caption comes to look otherwise, so that
/// nobody is sent one that Telegram kept from before.
pub const LOOK: &str = "caption below, 2";

/// What a drawing stands on, light on a dark phone too.
const GROUND: &str = "#faf6ee";

/// Lines and letters.
const INK: &str = "#2b2a33";

/// Why a drawing is none.
#[derive(Debug, thiserror::Error)]
pub enum DrawingError {
    /// It is no SVG.
    #[error("this is no drawing in SVG form")]
    Unreadable(#[source] usvg::Error),
    /// It holds something that is not a line or an area.
    #[error("a drawing cannot hold `{0}`: lines and areas only")]
    Foreign(&'static str),
    /// It has no room, or more than can be made into pixels.
    #[error("this drawing's size cannot be used")]
    Size,
    /// The caption runs over its one line.
    #[error("this caption is too long for one line below the drawing: \"{0}\"")]
    Long(String),
    /// The caption's font has no such letter.
    #[error("a caption cannot hold `{0}`: letters, numbers and plain marks only")]
    Letter(char),
    /// The pixels could not be packed.
    #[error("failed to pack the drawing's pixels")]
    Pack,
}

/// What would need a font, a file or a network, or could hide a drawing.
const FOREIGN: [&str; 6] = ["<text", "<image", "<script", "<style", "href", "url("];

/// Whether this can be drawn.
///
/// # Errors
/// When it is no SVG, or holds something else than lines and areas.
pub fn check(svg: &str) -> Result<(), DrawingError> {
    read(svg).map(drop)
}

/// Whether this can stand below a drawing: one line of Latin letters.
///
/// # Errors
/// When it is too long, or holds what the font does not.
pub fn check_caption(caption: &str) -> Result<(), DrawingError> {
    strip(caption).map(drop)
}

/// The drawing with its caption as a PNG, [`WIDTH_PX`] wide.
///
/// # Errors
/// As [`check`] and [`check_caption`], and when its size cannot be used.
pub fn png(svg: &str, caption: &str) -> Result<Vec<u8>, DrawingError> {
    pixels(svg, caption)?
        .encode_png()
        .map_err(|_| DrawingError::Pack)
}

/// The drawing with its caption as pixels, for those who look at single ones.
///
/// # Errors
/// As [`png`].
pub fn pixels(svg: &str, caption: &str) -> Result<tiny_skia::Pixmap, DrawingError> {
    let (drawing, strip) = (read(svg)?, strip(caption)?);
    let scale = |tree: &usvg::Tree| WIDTH_PX as f32 / tree.size().width();
    let height = |tree: &usvg::Tree| (tree.size().height() * scale(tree)).floor();
    let total = height(&drawing) + height(&strip);
    paint(&[&drawing, &strip], total as u32)
}

/// One below the other, each as wide as the picture.
fn paint(trees: &[&usvg::Tree], height: u32) -> Result<tiny_skia::Pixmap, DrawingError> {
    let mut pixmap = tiny_skia::Pixmap::new(WIDTH_PX, height).ok_or(DrawingError::Size)?;
    let mut top = 0.0;
    for tree in trees {
        let scale = WIDTH_PX as f32 / tree.size().width();
        let place = tiny_skia::Transform::from_translate(0.0, top).pre_scale(scale, scale);
        resvg::render(tree, place, &mut pixmap.as_mut());
        top += (tree.size().height() * scale).floor();
    }
    Ok(pixmap)
}

fn read(svg: &str) -> Result<usvg::Tree, DrawingError> {
    if let Some(found) = FOREIGN.into_iter().find(|word| svg.contains(word)) {
        return Err(DrawingError::Foreign(found));
    }
    let tree =
        usvg::Tree::from_str(svg, &usvg::Options::default()).map_err(DrawingError::Unreadable)?;
    /// A strip this tall would fill several screens.
    const HEIGHT_TO_WIDTH_MAX: f32 = 2.0;
    if tree.size().height() > tree.size().width() * HEIGHT_TO_WIDTH_MAX {
        return Err(DrawingError::Size);
    }
    Ok(tree)
}

/// Atkinson Hyperlegible Bold, drawn for readers with low vision. Its licence
/// stands beside it.
static FONT: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("picture/AtkinsonHyperlegible-Bold.ttf").to_vec());
    Arc::new(fonts)
});

/// The caption on the drawings' own ground: 30 units of 600 are 20 points on a
/// phone that is 390 wide.
fn strip(caption: &str) -> Result<usvg::Tree, DrawingError> {
    const WIDTH: f32 = 600.0;
    /// Free at both ends together.
    const MARGINS: f32 = 40.0;
    let is_known = |c: char| matches!(c, ' '..='~' | '¡' | '¿' | '\u{c0}'..='\u{ff}');
    if let Some(other) = caption.chars().find(|c| !is_known(*c)) {
        return Err(DrawingError::Letter(other));
    }
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 66">
<rect width="{WIDTH}" height="66" fill="{GROUND}"/>
<text x="300" y="43" text-anchor="middle" font-family="Atkinson Hyperlegible" font-weight="700" font-size="30" fill="{INK}">{}</text>
</svg>"##,
        escaped(caption)
    );
    let tree = with_letters(&svg)?;
    let is_long = tree.root().children().iter().any(|node| {
        matches!(node, usvg::Node::Text(text) if text.bounding_box().width() > WIDTH - MARGINS)
    });
    if is_long {
        return Err(DrawingError::Long(caption.to_owned()));
    }
    Ok(tree)
}

/// A drawing of ours that holds text.
fn with_letters(svg: &str) -> Result<usvg::Tree, DrawingError> {
    let options = usvg::Options {
        fontdb: Arc::clone(&FONT),
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(svg, &options).map_err(DrawingError::Unreadable)
}

/// A text as it stands in SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
