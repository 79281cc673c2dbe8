//! Places in a case's texts that are filled in when a step is sent: `<NAME>` a pass, `<cookie NAME>` the value of the
//! browser's cookie (`<cookie NAME@HOST>` of one that it has for another host), `<filler N>` so many bytes, `<kept NAME>` what an
//! earlier answer said, `<typed NAME>` that as a person would type a code, `<token SUB: ROLE, ROLE>` an administrator's token.

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
    /// What was kept under this name.
    Kept(&'a str),
    /// Likewise, but in lower case and in groups of four.
    Typed(&'a str),
    /// An administrator's token: who, and in which roles.
    Token(&'a str, Vec<&'a str>),
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
        parts.push(match inside.split_once(' ') {
            Some(("filler", _)) if filler.is_some_and(|bytes| bytes <= MOST_FILLER) => {
                Part::Filler(filler.unwrap_or_default())
            }
            Some(("cookie", name)) => Part::Cookie(name),
            Some(("kept", name)) => Part::Kept(name),
            Some(("typed", name)) => Part::Typed(name),
            Some(("token", token)) => {
                let (subject, roles) = token.split_once(':').unwrap_or((token, ""));
                Part::Token(subject, roles.split(',').map(str::trim).filter(|role| !role.is_empty()).collect())
            }
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
/// What `place` gives for what it does not have. It is asked for everything but texts and fillers.
pub(crate) fn fill<E>(text: &str, place: impl Fn(&Part<'_>) -> Result<String, E>) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Pass(_) | Part::Cookie(_) | Part::Kept(_) | Part::Typed(_) | Part::Token(..) => {
                filled.push_str(&place(&part)?);
            }
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
        let place = |part: &Part<'_>| match part {
            Part::Pass(name) | Part::Cookie(name) | Part::Kept(name) => Ok(name.to_uppercase()),
            Part::Token(subject, roles) => Ok(format!("{subject} as {}", roles.join("+"))),
            _ => Err(()),
        };
        let filled = fill("<p>.<cookie c><filler 3><kept k> <token root: Global Reader, x>", place);
        assert_eq!(filled.unwrap(), "P.CxxxK root as Global Reader+x");
        assert_eq!(fill("<typed k>", place), Err(()));
    }
}
