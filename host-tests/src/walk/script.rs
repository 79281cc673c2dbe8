//! Where the story is written down as it is played, and what a step that differs looks like.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The written story: shared by all who play in it.
#[derive(Clone)]
pub struct Script(Arc<Mutex<Written>>);

struct Written {
    out: Box<dyn Write + Send>,
    all: String,
    step: u32,
    title: String,
}

/// A step that did not go as the story says.
#[derive(Debug, thiserror::Error)]
#[error("step {step} ({title}) differs: {after}: expected {expected}, seen {seen}")]
pub struct Differs {
    step: u32,
    title: String,
    after: String,
    expected: String,
    seen: String,
}

impl Script {
    /// A script that is printed as it grows.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Written { out: Box::new(out), all: String::new(), step: 0, title: String::new() })))
    }

    /// How many steps have begun.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.with(|written| written.step)
    }

    /// Begins a step; `title` says what it is to show.
    pub(super) fn step(&self, title: &str) {
        self.with(|written| {
            written.step = written.step.saturating_add(1);
            title.clone_into(&mut written.title);
            let line = format!("\n{:2}. {title}", written.step);
            written.line(&line);
        });
    }

    /// Writes a line below the step.
    pub(super) fn line(&self, text: impl fmt::Display) {
        self.with(|written| written.line(&format!("    {text}")));
    }

    /// Says what has been shown; the last line of a step.
    pub(super) fn shown(&self, text: impl fmt::Display) {
        self.line(format_args!("= {text}"));
    }

    /// Everything written so far.
    #[must_use]
    pub fn all(&self) -> String {
        self.with(|written| written.all.clone())
    }

    /// Goes on if `holds`; otherwise the step differs, and this is how.
    pub(super) fn check(
        &self,
        holds: bool,
        after: &str,
        expected: impl fmt::Display,
        seen: impl fmt::Display,
    ) -> Result<(), Differs> {
        if holds { Ok(()) } else { Err(self.differs(after, expected, seen)) }
    }

    /// That the step differs, and how.
    pub(super) fn differs(&self, after: &str, expected: impl fmt::Display, seen: impl fmt::Display) -> Differs {
        self.with(|written| Differs {
            step: written.step,
            title: written.title.clone(),
            after: after.to_owned(),
            expected: expected.to_string(),
            seen: seen.to_string(),
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Written) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Written {
    fn line(&mut self, text: &str) {
        self.all.push_str(text);
        self.all.push('\n');
        // Whoever closes the pipe does not want to read on; the exit code still tells how the story went.
        drop(writeln!(self.out, "{text}"));
    }
}
