//! Pictures of a network as the papers draw pyramids: levels as rows, the coarsest on top; backbone, laterals, top-down and
//! bottom-up paths as columns.
//!
//! A graph is folded into a scene of units and edges (`instances.rs`, `fold.rs`, `roles.rs`); the scene gets a grid of columns and rows
//! (`grid.rs`); a layout in cells gives boxes their places and arrows their ways, for pictures and for terminals alike
//! (`layout.rs`, `arrows.rs`, `route.rs`). Mermaid and Graphviz lay out themselves and take the scene.

mod arrows;
mod canvas;
mod captions;
mod dot;
mod fold;
mod grid;
mod instances;
mod layout;
mod mermaid;
mod png;
mod roles;
mod route;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod units;
mod words;

use neckar_spec::check::Checked;

/// Units that a drawing may have; beyond, nobody could read it.
const MOST_UNITS: usize = 400;

/// What a drawing is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A picture that scales.
    Svg,
    /// A picture of pixels, two for each of the SVG's.
    Png,
    /// A flowchart for Mermaid.
    Mermaid,
    /// A digraph for Graphviz.
    Dot,
    /// Box drawing characters for a terminal.
    Text,
    /// The same in ASCII.
    Ascii,
}

/// Why a network cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has more units than a drawing can show.
    #[error(
        "`{name}` has {units} maps and vectors to draw, at most {MOST_UNITS} are; put rows that belong together into blocks"
    )]
    TooLarge {
        /// The network.
        name: String,
        /// How many.
        units: usize,
    },
    /// The picture could not be made of the SVG.
    #[error("the picture cannot be rendered: {0}")]
    Render(String),
}

/// The bytes of a drawing.
///
/// # Errors
/// When the network is too large to be drawn, or there is no room for its picture.
pub fn draw(checked: &Checked, format: Format) -> Result<Vec<u8>, Error> {
    let scene = fold::scene(checked);
    if scene.units.len() > MOST_UNITS {
        return Err(Error::TooLarge { name: scene.name, units: scene.units.len() });
    }
    Ok(match format {
        Format::Svg => svg::svg(&scene).into_bytes(),
        Format::Png => png::png(&svg::svg(&scene))?,
        Format::Mermaid => mermaid::mermaid(&scene).into_bytes(),
        Format::Dot => dot::dot(&scene).into_bytes(),
        Format::Text => text::text(&scene, false).into_bytes(),
        Format::Ascii => text::text(&scene, true).into_bytes(),
    })
}
