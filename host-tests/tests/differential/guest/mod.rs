//! Guests: what they do in each callback, put together from steps. Every callback logs its name and arguments before its
//! steps, and every host call logs the status that it got: the log is what the two hosts are compared by.

mod assemble;
mod steps;

pub(crate) use steps::*;

use std::collections::BTreeMap;

/// A callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    Create,
    VmStart,
    Configure,
    Tick,
    RequestHeaders,
    RequestBody,
    RequestTrailers,
    ResponseHeaders,
    ResponseBody,
    ResponseTrailers,
    CallResponse,
    Done,
    Log,
    Delete,
}

impl On {
    const ALL: [Self; 14] = [
        Self::Create,
        Self::VmStart,
        Self::Configure,
        Self::Tick,
        Self::RequestHeaders,
        Self::RequestBody,
        Self::RequestTrailers,
        Self::ResponseHeaders,
        Self::ResponseBody,
        Self::ResponseTrailers,
        Self::CallResponse,
        Self::Done,
        Self::Log,
        Self::Delete,
    ];
}

/// A guest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guest {
    steps: BTreeMap<On, String>,
    missing: Vec<On>,
}

impl Guest {
    /// One that lets everything go on.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What it does in a callback.
    pub(crate) fn on(mut self, callback: On, steps: impl IntoIterator<Item = String>) -> Self {
        self.steps.insert(callback, steps::together(steps));
        self
    }

    /// A callback that it does not export.
    pub(crate) fn without(mut self, callback: On) -> Self {
        self.missing.push(callback);
        self
    }

    /// The module.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let text = assemble::module(self);
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}
