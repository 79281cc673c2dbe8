//! A link as a QR code: for terminals, drawn with half-blocks, two modules a character, light ones as ink; for paper, as a path in
//! SVG, dark ones as ink.

use std::fmt::Write as _;

use qrcode::render::unicode::Dense1x2;
use qrcode::types::EcLevel;

/// The drawing, line by line.
pub(crate) struct Drawing {
    pub(crate) lines: Vec<String>,
    /// How wide it is, in characters.
    pub(crate) columns: usize,
}

/// Draws a text, with the quiet zone of four modules that readers want; `None` if it is longer than a QR code holds.
///
/// Light is drawn and dark is left out because terminals are dark: the drawing is right where ink is lighter than paper.
/// The lowest error correction makes the smallest code, and nothing gets scratched on a screen.
pub(crate) fn draw(text: &str) -> Option<Drawing> {
    let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let image = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .quiet_zone(true)
        .module_dimensions(1, 1)
        .build();
    let lines: Vec<String> = image.lines().map(str::to_owned).collect();
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    Some(Drawing { lines, columns })
}

/// A drawing for paper: a square of so many modules a side, quiet zone included, and the dark ones as the data of an SVG path.
pub(crate) struct Path {
    pub(crate) side: usize,
    pub(crate) data: String,
}

/// Draws a text for paper, which gets folded and stained: a quarter of it may be lost. `None` if the text is too long.
pub(crate) fn path(text: &str) -> Option<Path> {
    const QUIET: usize = 4;
    let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
    let width = code.width();
    let mut data = String::new();
    for (y, row) in code.to_colors().chunks(width.max(1)).enumerate() {
        let y = y.saturating_add(QUIET);
        let mut x = QUIET;
        for run in row.chunk_by(PartialEq::eq) {
            let long = run.len();
            if run.first() == Some(&qrcode::Color::Dark) {
                // Writing to a String cannot fail.
                let _ = write!(data, "M{x} {y}h{long}v1h-{long}z");
            }
            x = x.saturating_add(long);
        }
    }
    Some(Path { side: width.saturating_add(2 * QUIET), data })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the half-blocks apart again: whether each module is light.
    fn modules(drawing: &Drawing) -> Vec<Vec<bool>> {
        let halves = |letter| match letter {
            '█' => (true, true),
            '▀' => (true, false),
            '▄' => (false, true),
            ' ' => (false, false),
            other => panic!("`{other}` is no half-block"),
        };
        drawing
            .lines
            .iter()
            .flat_map(|line| {
                let (above, below): (Vec<bool>, Vec<bool>) = line.chars().map(halves).unzip();
                [above, below]
            })
            .collect()
    }

    #[test]
    fn every_module_is_drawn_where_it_belongs() {
        let text = "https://gate.example.com/.tap/sign-in#pass=a.b.c";
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let drawing = draw(text).unwrap();
        assert_eq!(drawing.columns, code.width() + 8);
        let modules = modules(&drawing);
        let light = |x: usize, y: usize| {
            let inside = (4..code.width() + 4).contains(&x) && (4..code.width() + 4).contains(&y);
            !inside || code[(x - 4, y - 4)] == qrcode::Color::Light
        };
        for (y, row) in modules.iter().enumerate().take(drawing.columns) {
            assert_eq!(row.len(), drawing.columns);
            for (x, module) in row.iter().enumerate() {
                assert_eq!(*module, light(x, y), "module {x}, {y}");
            }
        }
    }

    #[test]
    fn every_dark_module_is_on_paper() {
        let text = "https://gate.example.com/.tap/sign-in";
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::Q).unwrap();
        let path = path(text).unwrap();
        assert_eq!(path.side, code.width() + 8);
        let drawn: Vec<(usize, usize)> = path
            .data
            .split_terminator('z')
            .flat_map(|run| {
                let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
                let (y, rest) = rest.split_once('h').unwrap();
                let (long, back) = rest.split_once("v1h-").unwrap();
                assert_eq!(long, back);
                let (x, y) = (x.parse::<usize>().unwrap() - 4, y.parse::<usize>().unwrap() - 4);
                (x..x + long.parse::<usize>().unwrap()).map(move |x| (x, y))
            })
            .collect();
        let dark = (0..code.width()).flat_map(|y| (0..code.width()).map(move |x| (x, y)));
        assert_eq!(drawn, dark.filter(|at| code[*at] == qrcode::Color::Dark).collect::<Vec<_>>());
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert!(draw(&"a".repeat(2953)).is_some());
        assert!(draw(&"a".repeat(2954)).is_none());
    }
}
