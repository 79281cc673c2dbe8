//! What a guest did that a real proxy would swallow, hang on or answer in silence: recorded, so that a test can see it.

/// One misuse of the ABI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// A second local reply to one stream. The first wins; some proxies leave the client hanging.
    SecondReply,
    /// A resume of a stream that was not held in that direction.
    ResumeWithoutPause,
    /// A pointer or size outside the guest's memory was handed to this host call.
    BadPointer(&'static str),
    /// A header map was used that is gone: its message has gone on.
    MapGone(&'static str),
    /// A map that the guest sent was malformed or over a limit, and was taken as empty.
    MapEmptied(&'static str),
    /// An argument that this host call does not take.
    BadArgument(&'static str),
}

/// All of them, in order.
#[derive(Default)]
pub(crate) struct Misuses(pub(crate) Vec<Misuse>);

impl Misuses {
    pub(crate) fn note(&mut self, misuse: Misuse) {
        self.0.push(misuse);
    }
}
