//! What a proxy wrote: its own lines, the plugin's audit lines among them, and Envoy's access log.

use std::path::Path;

use serde_json::Value;

/// How many lines a failed test shows.
const LATEST: usize = 40;

/// Marks an audit line.
const AUDIT: &str = "tapgate.audit ";

/// The log of a proxy, as far as it had come when it was read.
#[derive(Clone, Debug)]
pub struct Log(String);

/// A proxy that did not start, or did not take what it was to load.
#[derive(Debug, thiserror::Error)]
#[error("{proxy} refused; its log ends with:\n{}", log.latest())]
pub struct Refused {
    /// Which proxy.
    pub proxy: &'static str,
    /// Everything that it had to say.
    pub log: Log,
}

impl Log {
    pub(crate) fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).expect("the log can be read");
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

    /// Lines that no run may have: the plugin has trapped, or the proxy has stopped it from doing something.
    #[must_use]
    pub fn accidents(&self) -> Vec<&str> {
        let signs = [
            "panicked at",
            "` trapped: ",
            "wasm_fail_stream",
            "restricted proxy-wasm capability",
            "][critical]",
            "RuntimeError",
            "assert failure",
        ];
        self.0.lines().filter(|line| signs.iter().any(|sign| line.contains(sign))).collect()
    }
}
