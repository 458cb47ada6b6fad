//! `neckar draw`.

use std::path::Path;

use neckar_export::draw::{self, Format};

use crate::arguments::{Draw, DrawingFormat};
use crate::failure::Failure;
use crate::files::write_bytes;
use crate::terminal::Terminal;

/// Draws a network to a file, or to the terminal.
pub fn draw(arguments: &Draw, terminal: &Terminal) -> Result<(), Failure> {
    let format = format(arguments)?;
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let drawing = draw::draw(&checked, format).map_err(|error| Failure::incomplete(error.to_string()))?;
    match &arguments.out {
        Some(path) => {
            write_bytes(path, &drawing)?;
            terminal.note(&format!("`{}` shows `{}`", path.display(), checked.graph().name));
            Ok(())
        }
        None => terminal.print(&String::from_utf8_lossy(&drawing)),
    }
}

/// The format that is asked for, or that of the file's extension.
fn format(arguments: &Draw) -> Result<Format, Failure> {
    let of_file = arguments.out.as_deref().map(of_extension);
    let format = match (arguments.format, of_file) {
        (Some(format), _) => format,
        (None, Some(format)) => format?,
        (None, None) => DrawingFormat::Text,
    };
    match format {
        DrawingFormat::Text if arguments.ascii => Ok(Format::Ascii),
        _ if arguments.ascii => Err(Failure::usage("`--ascii` is for text; leave it out, or draw `--format text`")),
        DrawingFormat::Png if arguments.out.is_none() => {
            Err(Failure::usage("a PNG is no text for a terminal; name its file with `-o`"))
        }
        DrawingFormat::Svg => Ok(Format::Svg),
        DrawingFormat::Png => Ok(Format::Png),
        DrawingFormat::Mermaid => Ok(Format::Mermaid),
        DrawingFormat::Dot => Ok(Format::Dot),
        DrawingFormat::Text => Ok(Format::Text),
    }
}

fn of_extension(path: &Path) -> Result<DrawingFormat, Failure> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "svg" => Ok(DrawingFormat::Svg),
        "png" => Ok(DrawingFormat::Png),
        "mmd" | "mermaid" => Ok(DrawingFormat::Mermaid),
        "dot" | "gv" => Ok(DrawingFormat::Dot),
        "txt" => Ok(DrawingFormat::Text),
        _ => {
            let expected = "expected .svg, .png, .mmd, .dot or .txt; or say which with `--format`";
            Err(Failure::usage(format!("the extension of `{}` gives no format: {expected}", path.display())))
        }
    }
}
