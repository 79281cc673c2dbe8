//! What a guest did that a real proxy would swallow, hang on or answer in silence: recorded, so that a test can see it.

/// One misuse of the ABI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// A second local reply to one stream. The first wins, or the second if the first is still on its way out.
    SecondReply,
    /// A resume of a stream that was not held in that direction. In the callback of its headers they go on at once, whatever
    /// the callback then returns; if that is to go on, Envoy sends them twice.
    ResumeWithoutPause,
    /// What takes the whole of Envoy down: going on with an answer that has not begun, a reply from the log or to a stream that
    /// has its whole answer.
    Fatal(&'static str),
    /// A pointer or size outside the guest's memory was handed to this host call.
    BadPointer(&'static str),
    /// A header map was used that is gone: its message has gone on.
    MapGone(&'static str),
    /// A map that the guest sent was malformed or over a limit, and was taken as empty.
    MapEmptied(&'static str),
    /// An exit with this code, which ends nothing.
    Exit(u32),
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
