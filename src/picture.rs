//! Drawings: from the lines an illustrator wrote to the pixels a phone shows.
//!
//! Pure: the same drawing gives the same pixels. A drawing is lines and areas
//! alone. What would need a font, a file or a network is refused, so nothing is
//! missing in it on one machine and there on another.

use resvg::{tiny_skia, usvg};

/// How wide a drawing is sent, in pixels: about three for each point of a phone
/// that is 390 wide, so that lines stay crisp.
pub const WIDTH_PX: u32 = 1200;

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

/// The drawing as a PNG, [`WIDTH_PX`] wide.
///
/// # Errors
/// As [`check`], and when its size cannot be used.
pub fn png(svg: &str) -> Result<Vec<u8>, DrawingError> {
    pixels(svg)?.encode_png().map_err(|_| DrawingError::Pack)
}

/// The drawing as pixels, for those who look at single ones.
///
/// # Errors
/// As [`png`].
pub fn pixels(svg: &str) -> Result<tiny_skia::Pixmap, DrawingError> {
    let tree = read(svg)?;
    let scale = WIDTH_PX as f32 / tree.size().width();
    let height = (tree.size().height() * scale).floor() as u32;
    let mut pixmap = tiny_skia::Pixmap::new(WIDTH_PX, height).ok_or(DrawingError::Size)?;
    let transform = tiny_skia::Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
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
