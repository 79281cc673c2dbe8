//! What Envoy wrote: its own lines, the plugin's audit lines among them, and the access log.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// How many lines a failed test shows.
const LATEST: usize = 40;

/// Marks an audit line.
const AUDIT: &str = "tapgate.audit ";

/// The log of an Envoy, as far as it had come when it was read.
#[derive(Clone, Debug)]
pub struct Log(String);

impl Log {
    pub(super) fn place(folder: &Path) -> PathBuf {
        folder.join("envoy.log")
    }

    pub(super) fn read(folder: &Path) -> Self {
        let bytes = std::fs::read(Self::place(folder)).expect("the log can be read");
        Self(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The audit events, in order.
    ///
    /// # Panics
    /// If one is not a JSON object on one line.
    #[must_use]
    pub fn audit(&self) -> Vec<Value> {
        let events = self.0.lines().filter_map(|line| line.split_once(AUDIT));
        events
            .map(|(_, event)| serde_json::from_str(event).unwrap_or_else(|error| panic!("{error}: {event}")))
            .collect()
    }

    /// The latest lines, without the inventory that Envoy prints when it starts.
    #[must_use]
    pub fn latest(&self) -> String {
        let telling: Vec<_> =
            self.0.lines().filter(|line| !line.contains("[info][") && !line.contains("[debug][")).collect();
        telling[telling.len().saturating_sub(LATEST)..].join("\n")
    }

    /// Lines that no run may have: the plugin has trapped, or Envoy has stopped it from doing something.
    #[must_use]
    pub fn accidents(&self) -> Vec<&str> {
        let signs = [
            "panicked at",
            "wasm_fail_stream",
            "restricted proxy-wasm capability",
            "][critical]",
            "RuntimeError",
            "assert failure",
        ];
        self.0.lines().filter(|line| signs.iter().any(|sign| line.contains(sign))).collect()
    }
}
