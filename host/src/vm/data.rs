//! What a VM's host calls work on: its streams, the context in charge, what is to be done once the guest has returned.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::ROOT;
use super::memory::MemoryLimit;
use crate::config::Config;
use crate::headers::Headers;
use crate::interleave::Turn;
use crate::process::Shared;
use crate::report::VmName;
use crate::stream::{LocalReply, Side, Stream};

/// Which host calls are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Only the log and WASI.
    Initialising,
    /// Only the log.
    Allocating,
    /// All of them.
    Running,
}

/// What a host call asked for and the host does once the guest has returned: a guest is never entered twice.
pub(crate) enum Deferred {
    Resume(u32, Side),
    Reply(u32, LocalReply),
    Close(u32),
}

/// The answer to an HTTP call, while the guest is told of it.
pub(crate) struct Incoming {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
}

/// A VM's state.
pub(crate) struct VmData {
    pub(crate) config: Arc<Config>,
    pub(crate) shared: Shared,
    pub(crate) name: VmName,
    pub(crate) memory: MemoryLimit,
    pub(crate) mode: Mode,
    /// The context that host calls act on: the one called, unless the guest has set another.
    pub(crate) context: u32,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) deferred: VecDeque<Deferred>,
    pub(crate) incoming: Option<Incoming>,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) tick: u32,
    /// Its part in an interleaving, if one is under way.
    pub(crate) turn: Option<Turn>,
    pub(crate) host_calls: Vec<&'static str>,
    pub(crate) allocated: u64,
}

impl VmData {
    pub(super) fn new(config: Arc<Config>, shared: Shared, name: VmName) -> Self {
        Self {
            memory: MemoryLimit::new(config.memory),
            config,
            shared,
            name,
            mode: Mode::Initialising,
            context: ROOT,
            streams: BTreeMap::new(),
            deferred: VecDeque::new(),
            incoming: None,
            properties: BTreeMap::new(),
            tick: 0,
            turn: None,
            host_calls: Vec::new(),
            allocated: 0,
        }
    }

    /// A guest is about to be called: nothing of an earlier call is left.
    pub(super) fn begin(&mut self, context: u32) {
        self.context = context;
        self.host_calls.clear();
        self.allocated = 0;
    }

    /// The stream that host calls act on.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.context)
    }
}
