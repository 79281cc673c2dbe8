//! Everything that a command gets from outside, and the one way out: nothing is written but through here, so that no
//! control character of a hostile pass ever reaches a terminal.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};

use serde::Serialize;
use tapgate_core::random::Random;
use tapgate_core::time::UnixSeconds;

use crate::error::{Error, Failure};
use crate::exit::Exit;

/// The streams, the environment, the time and the randomness of one run.
pub struct World<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Whether standard input is a person at a terminal.
    pub typed: bool,
    /// Standard output.
    pub stdout: &'a mut dyn Write,
    /// The terminal that standard output is, if it is one.
    pub screen: Option<Screen>,
    /// Standard error.
    pub stderr: &'a mut dyn Write,
    /// Where a command that runs on by itself writes its log, from whatever thread.
    pub log: fn() -> Box<dyn Write + Send>,
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
    /// Whether standard error is a person at a terminal.
    pub watched: bool,
    /// What the clock shows when the run begins; `None` if that cannot be told.
    pub now: Option<UnixSeconds>,
    /// What the clock shows by and by, for a command that takes its time.
    pub clock: &'a dyn Fn() -> Option<UnixSeconds>,
    /// Where ids and keys come from.
    pub random: &'a mut dyn Random,
}

/// What the world does not give.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorldError {
    /// An environment variable is not text.
    #[error("the environment variable `{variable}` is not UTF-8 text")]
    VariableNotText { variable: &'static str },
    /// Standard output does not take what is written to it.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The system's clock is before 1970 or after 9999.
    #[error("the system's clock shows a time before 1970 or after 9999; set it")]
    Clock,
}

impl Failure for WorldError {
    fn exit(&self) -> Exit {
        match self {
            Self::VariableNotText { .. } => Exit::Usage,
            Self::Output(_) | Self::Clock => Exit::Failed,
        }
    }
}

/// A terminal.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Its width in characters, if it is known.
    pub columns: Option<usize>,
}

impl World<'_> {
    /// What the clock shows.
    pub(crate) fn now(&self) -> Result<UnixSeconds, Error> {
        self.now.ok_or_else(|| WorldError::Clock.into())
    }

    /// What the clock shows by now.
    pub(crate) fn clock(&self) -> Result<UnixSeconds, Error> {
        (self.clock)().ok_or_else(|| WorldError::Clock.into())
    }

    /// An environment variable that stands in for an option; an empty one counts as absent.
    pub(crate) fn variable(&self, variable: &'static str) -> Result<Option<String>, Error> {
        match (self.environment)(variable) {
            Some(value) if !value.is_empty() => {
                value.into_string().map(Some).map_err(|_| WorldError::VariableNotText { variable }.into())
            }
            _ => Ok(None),
        }
    }

    /// One line on standard output.
    pub(crate) fn print(&mut self, line: impl fmt::Display) -> Result<(), Error> {
        delivered(writeln!(self.stdout, "{}", Visible(line)))
    }

    /// One line on standard output, at once, from a command that runs on; whether anybody still reads it.
    pub(crate) fn tell(&mut self, line: impl fmt::Display) -> Result<bool, Error> {
        match writeln!(self.stdout, "{}", Visible(line)).and_then(|()| self.stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            result => delivered(result).map(|()| true),
        }
    }

    /// One line in white on black, whatever the terminal's colours are; without a terminal, as [`World::print`].
    pub(crate) fn print_white_on_black(&mut self, line: &str) -> Result<(), Error> {
        match self.screen {
            Some(_) => delivered(writeln!(self.stdout, "\u{1b}[40;97m{}\u{1b}[0m", Visible(line))),
            None => self.print(line),
        }
    }

    /// A value as indented JSON, in ASCII only.
    pub(crate) fn print_json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value).map_err(|error| WorldError::Output(error.into()))?;
        delivered(writeln!(self.stdout, "{}", AsciiJson(&text)))
    }

    /// A value as JSON on one line, in ASCII only.
    pub(crate) fn print_json_line(&mut self, value: &impl Serialize) -> Result<(), Error> {
        delivered(writeln!(self.stdout, "{}", json_line(value)?))
    }

    /// One line on standard error: something to know.
    pub(crate) fn note(&mut self, line: impl fmt::Display) {
        self.complain("note", line);
    }

    /// One line on standard error: something that may not be as wished.
    pub(crate) fn warn(&mut self, line: impl fmt::Display) {
        self.complain("warning", line);
    }

    /// An error and what it came from, on one line of standard error.
    pub(crate) fn error(&mut self, error: &Error) {
        self.complain("error", error.line());
    }

    fn complain(&mut self, kind: &str, line: impl fmt::Display) {
        self.complain_as_is(format_args!("{kind}: {line}"));
    }

    /// One line on standard error. That it cannot be written changes nothing and can be told to nobody.
    pub(crate) fn complain_as_is(&mut self, line: impl fmt::Display) {
        let _ = writeln!(self.stderr, "{}", Visible(line));
    }

    /// Hands over what is still held back.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        delivered(self.stdout.flush())
    }
}

/// A value as JSON on one line, in ASCII only.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(|error| WorldError::Output(error.into()))?;
    Ok(AsciiJson(&text).to_string())
}

/// A reader that has gone away has what it wanted (`tapgate mint | head -1`); any other failure is one.
fn delivered(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(WorldError::Output(error).into()),
        _ => Ok(()),
    }
}

/// One line of text in which every character that is not simply shown is spelled out, as in `\u{1b}`: control
/// characters, line ends, and what reverses or hides other characters.
struct Visible<T>(T);

impl<T: fmt::Display> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Spelling(f), "{}", self.0)
    }
}

struct Spelling<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Spelling<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| self.write_char(letter))
    }

    fn write_char(&mut self, letter: char) -> fmt::Result {
        // `escape_debug` knows which characters are shown; quotes and the backslash, which it escapes too, are.
        let shown = letter.is_ascii_graphic() || letter == ' ' || letter.escape_debug().count() == 1;
        if shown { self.0.write_char(letter) } else { write!(self.0, "{}", letter.escape_unicode()) }
    }
}

/// JSON in which everything but visible ASCII is escaped; outside of strings JSON has nothing else but line ends.
struct AsciiJson<'a>(&'a str);

impl fmt::Display for AsciiJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            if letter == '\n' || letter == ' ' || letter.is_ascii_graphic() {
                f.write_char(letter)?;
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(f, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_simply_shown_is_spelled_out() {
        for (text, seen) in [
            ("plain `text` \\ \"quoted\" it's", "plain `text` \\ \"quoted\" it's"),
            ("Zoë 東京 █▀", "Zoë 東京 █▀"),
            ("a\u{1b}[31mb\r\n\u{7f}", "a\\u{1b}[31mb\\u{d}\\u{a}\\u{7f}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}live\u{200b}\u{feff}", "\\u{202e}live\\u{200b}\\u{feff}"),
        ] {
            assert_eq!(Visible(text).to_string(), seen);
        }
    }

    #[test]
    fn json_is_ascii_and_still_the_same_text() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{1f511}\"\\";
        let json = AsciiJson(&serde_json::to_string(text).unwrap()).to_string();
        assert!(json.bytes().all(|byte| byte.is_ascii_graphic()), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
