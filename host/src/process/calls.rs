//! HTTP calls that guests have made and that the test has yet to answer, in any order, late, or never.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::headers::Headers;

/// Names one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub(crate) u32);

/// A call as the guest made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// Its name, to answer it by.
    pub id: CallId,
    /// The worker that made it.
    pub worker: usize,
    /// Where it goes.
    pub cluster: String,
    /// Its headers, pseudo headers included.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// How long the guest is willing to wait; none if it said 0.
    pub timeout: Option<Duration>,
}

/// How a call ends, in the shapes that a real proxy has for it. A fifth is to never answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallAnswer {
    /// The other side answered.
    Response {
        /// With `:status`.
        headers: Headers,
        /// The whole body.
        body: Vec<u8>,
        /// Usually none.
        trailers: Headers,
    },
    /// No connection, or one that was reset before an answer: a callback with `:status` 503 and a text body.
    Unreachable,
    /// No answer in time: a callback with `:status` 504 and a text body.
    TimedOut,
    /// Reset in the middle of an answer, or too large a body: a callback with no headers at all.
    Reset,
}

impl CallAnswer {
    /// An answer with a status and a body.
    #[must_use]
    pub fn response(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Response {
            headers: Headers::new().with(":status", status.to_string()),
            body: body.into(),
            trailers: Headers::new(),
        }
    }

    /// What the guest's callback is given: headers, body, trailers.
    pub(crate) fn parts(self) -> (Headers, Vec<u8>, Headers) {
        let synthetic = |status: &str, text: &str| {
            let headers = Headers::new()
                .with(":status", status)
                .with("content-length", text.len().to_string())
                .with("content-type", "text/plain");
            (headers, text.as_bytes().to_vec(), Headers::new())
        };
        match self {
            Self::Response { headers, body, trailers } => (headers, body, trailers),
            Self::Unreachable => synthetic(
                "503",
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
            ),
            Self::TimedOut => synthetic("504", "upstream request timeout"),
            Self::Reset => Default::default(),
        }
    }
}

/// The open calls, each with the VM that waits for it, and the clusters that have no healthy host.
#[derive(Default)]
pub(crate) struct Calls {
    open: BTreeMap<CallId, (HttpCall, u64)>,
    made: u32,
    vms: u64,
    pub(crate) unhealthy: std::collections::BTreeSet<Vec<u8>>,
}

impl Calls {
    /// The number of a new VM. A worker has many, one after the other and, while an old one ends what it has begun, at once.
    pub(crate) const fn new_vm(&mut self) -> u64 {
        self.vms = self.vms.saturating_add(1);
        self.vms
    }

    /// Keeps a call of a VM open. Ids are multiples of four, as in Envoy.
    pub(crate) fn open(&mut self, vm: u64, call: impl FnOnce(CallId) -> HttpCall) -> CallId {
        self.made = self.made.saturating_add(1);
        let id = CallId(self.made.saturating_mul(4));
        self.open.insert(id, (call(id), vm));
        id
    }

    /// Ends a call. Whether there was one.
    pub(crate) fn close(&mut self, id: CallId) -> bool {
        self.open.remove(&id).is_some()
    }

    /// The VM that waits for a call.
    pub(crate) fn vm_of(&self, id: CallId) -> Option<u64> {
        self.open.get(&id).map(|(_, vm)| *vm)
    }

    /// Drops what a VM that is no more had open.
    pub(crate) fn drop_vm(&mut self, vm: u64) {
        self.open.retain(|_, (_, own)| *own != vm);
    }

    /// All of them, or those of a VM.
    pub(crate) fn list(&self, vm: Option<u64>) -> Vec<HttpCall> {
        self.open.values().filter(|(_, own)| vm.is_none_or(|vm| vm == *own)).map(|(call, _)| call.clone()).collect()
    }
}
