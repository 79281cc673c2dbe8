//! Places in a case's texts that are filled in when a step is sent: `<NAME>` a pass, `<cookie NAME>` the value of the
//! browser's cookie (`<cookie NAME@HOST>` of one that it has for another host), `<filler N>` so many bytes.

use std::fmt::Write as _;

/// The most bytes of a filler.
const MOST_FILLER: usize = 1 << 20;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// As it is.
    Text(&'a str),
    /// A pass's name.
    Pass(&'a str),
    /// A cookie's name.
    Cookie(&'a str),
    /// So many bytes.
    Filler(usize),
}

/// The parts of a text.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, (inside, after))) =
        rest.split_once('<').and_then(|(before, from)| Some((before, from.split_once('>')?)))
    {
        parts.push(Part::Text(before));
        let filler = inside.strip_prefix("filler ").and_then(|number| number.parse().ok());
        parts.push(match (filler, inside.strip_prefix("cookie ")) {
            (Some(bytes), _) if bytes <= MOST_FILLER => Part::Filler(bytes),
            (_, Some(name)) => Part::Cookie(name),
            _ => Part::Pass(inside),
        });
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

/// A text with its places filled in.
///
/// # Errors
/// What `pass` and `cookie` give for what they do not have.
pub(crate) fn fill<E>(
    text: &str,
    pass: impl Fn(&str) -> Result<String, E>,
    cookie: impl Fn(&str) -> Result<String, E>,
) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Pass(name) => filled.push_str(&pass(name)?),
            Part::Cookie(name) => filled.push_str(&cookie(name)?),
            // Writing to a String cannot fail.
            Part::Filler(bytes) => drop(write!(filled, "{:x<bytes$}", "")),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_all_else_stays() {
        let found = parts("a <p> <cookie c><filler 3> 1 < 2");
        let expected = [
            Part::Text("a "),
            Part::Pass("p"),
            Part::Text(" "),
            Part::Cookie("c"),
            Part::Text(""),
            Part::Filler(3),
            Part::Text(" 1 < 2"),
        ];
        assert_eq!(found, expected);
        let pass = |name: &str| Ok::<_, ()>(name.to_uppercase());
        assert_eq!(fill("<p>.<cookie c><filler 3>", pass, pass).unwrap(), "P.Cxxx");
    }
}
