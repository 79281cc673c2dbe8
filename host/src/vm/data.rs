//! What a VM's host calls work on: its streams, the context in charge, what is to be done once the guest has returned.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::ROOT;
use super::memory::MemoryLimit;
use crate::config::Config;
use crate::headers::Headers;
use crate::interleave::Turn;
use crate::process::{MetricKind, Shared};
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
    /// Which of all VMs that the process has had it is.
    pub(crate) number: u64,
    pub(crate) memory: MemoryLimit,
    pub(crate) mode: Mode,
    /// The context that host calls act on: the one called, unless the guest has set another.
    pub(crate) context: u32,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) deferred: VecDeque<Deferred>,
    pub(crate) incoming: Option<Incoming>,
    /// The names of the metrics that it has defined, by kind. Ids are the VM's own.
    pub(crate) metrics: BTreeMap<MetricKind, Vec<Vec<u8>>>,
    pub(crate) tick: u32,
    /// Its part in an interleaving, if one is under way.
    pub(crate) turn: Option<Turn>,
    /// Whether the guest is being configured: the only time that it can read its configuration.
    pub(crate) configuring: bool,
    pub(crate) host_calls: Vec<&'static str>,
    /// How often its deadline was put off while it waited for the platform.
    pub(crate) waits: u32,
    pub(crate) allocated: u64,
}

impl VmData {
    pub(super) fn new(config: Arc<Config>, shared: Shared, name: VmName) -> Self {
        let number = shared.lock().calls.new_vm();
        Self {
            memory: MemoryLimit::new(config.memory),
            number,
            config,
            shared,
            name,
            mode: Mode::Initialising,
            context: ROOT,
            streams: BTreeMap::new(),
            deferred: VecDeque::new(),
            incoming: None,
            metrics: BTreeMap::new(),
            tick: 0,
            turn: None,
            configuring: false,
            host_calls: Vec::new(),
            waits: 0,
            allocated: 0,
        }
    }

    /// A guest is about to be called: nothing of an earlier call is left.
    pub(super) fn begin(&mut self, context: u32) {
        self.context = context;
        self.host_calls.clear();
        self.waits = 0;
        self.allocated = 0;
    }

    /// Forgets all replies to a stream but the first.
    pub(crate) fn keep_first_replies(&mut self) {
        let mut replied = Vec::new();
        self.deferred.retain(|deferred| match deferred {
            Deferred::Reply(id, _) if replied.contains(id) => false,
            Deferred::Reply(id, _) => {
                replied.push(*id);
                true
            }
            Deferred::Resume(..) | Deferred::Close(_) => true,
        });
    }

    /// The stream that host calls act on.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.context)
    }
}
