//! A worker: its VM, whether that is alive, and what the guest asked for while it ran.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, FailurePolicy};
use crate::error::{Failure, HostError};
use crate::interleave::Turn;
use crate::module::Module;
use crate::process::{CallAnswer, CallId, HttpCall, Misuse, Shared};
use crate::report::VmName;
use crate::stream::{Half, LocalReply, Side, Stream};
use crate::vm::{Deferred, Incoming, ROOT, Vm};

/// How long after a failure a VM is not made anew. Envoy adds jitter.
const BACKOFF: Duration = Duration::from_secs(1);

/// How the names of a request's callbacks begin.
const OF_REQUEST: &str = "proxy_on_request_";

/// Whether a callback shows a part of a message, which is refused if the guest dies of it.
fn is_of_stream(callback: &str) -> bool {
    callback.starts_with(OF_REQUEST) || callback.starts_with("proxy_on_response_")
}

/// How a worker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// Its VM is alive.
    Running,
    /// The guest refused or failed its configuration here, though not on the canary. As in Envoy the filter is skipped
    /// on this worker: every stream goes on untouched, whatever the failure policy.
    Skipped,
    /// Its VM is dead.
    Failed(Failure),
}

/// One worker.
pub(crate) struct Worker {
    vm: Vm,
    number: usize,
    state: WorkerState,
    failed_at: Duration,
    next: u32,
    /// Whether what the guest asked for in a request's callback is being done. Envoy gives a reply only after such a callback.
    decoding: bool,
    module: Module,
    config: Arc<Config>,
    shared: Shared,
}

impl Worker {
    pub(crate) fn start(
        number: usize,
        module: &Module,
        config: &Arc<Config>,
        shared: &Shared,
    ) -> Result<Self, HostError> {
        let mut vm = Vm::new(module, config, shared, VmName::Worker(number))?;
        let state = if vm.start() == Ok(true) { WorkerState::Running } else { WorkerState::Skipped };
        Ok(Self {
            vm,
            number,
            state,
            failed_at: Duration::ZERO,
            next: ROOT,
            decoding: false,
            module: module.clone(),
            config: Arc::clone(config),
            shared: shared.clone(),
        })
    }

    pub(crate) const fn state(&self) -> &WorkerState {
        &self.state
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) const fn is_decoding(&self) -> bool {
        self.decoding
    }

    pub(crate) fn tick_period(&mut self) -> Option<Duration> {
        let period = self.vm.data().tick;
        (period > 0).then(|| Duration::from_millis(period.into()))
    }

    pub(crate) fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.vm.data().streams.get_mut(&id)
    }

    pub(crate) fn half(&mut self, id: u32, side: Side) -> Option<&mut Half> {
        self.stream(id).map(|stream| stream.half(side))
    }

    /// Takes part in an interleaving from now on, or no longer.
    pub(crate) fn take_turns(&mut self, turn: Option<Turn>) {
        self.vm.data().turn = turn;
    }

    pub(crate) fn misuse(&self, misuse: Misuse) {
        self.shared.misuse(misuse);
    }

    /// A new stream, with a context of its own in the guest.
    pub(crate) fn open(&mut self) -> Result<u32, HostError> {
        self.reload()?;
        self.next = self.next.saturating_add(1);
        let id = self.next;
        let (attached, forlorn) = (self.state == WorkerState::Running, self.refuses());
        self.vm.data().streams.insert(id, Stream { attached, forlorn, ..Stream::default() });
        if attached {
            self.run(id, "proxy_on_context_create", &[id, ROOT]);
        }
        Ok(id)
    }

    /// Whether a stream that begins now can only be refused: its worker is dead, or was when it was opened.
    pub(crate) fn refuses_stream(&mut self, id: u32) -> bool {
        self.refuses() || self.stream(id).is_some_and(|stream| stream.forlorn)
    }

    fn refuses(&self) -> bool {
        self.is_dead() && self.config.failure_policy != FailurePolicy::Open
    }

    const fn is_dead(&self) -> bool {
        matches!(self.state, WorkerState::Failed(_))
    }

    /// Makes a dead VM anew if the policy and the time allow it. Streams of the old one stay readable.
    fn reload(&mut self) -> Result<(), HostError> {
        let now = self.shared.clock().monotonic;
        let due = now.saturating_sub(self.failed_at) >= BACKOFF;
        if !self.is_dead() || self.config.failure_policy != FailurePolicy::Reload || !due {
            return Ok(());
        }
        let mut vm = Vm::new(&self.module, &self.config, &self.shared, VmName::Worker(self.number))?;
        match vm.start() {
            Ok(true) => {
                vm.data().streams = std::mem::take(&mut self.vm.data().streams);
                vm.data().streams.values_mut().for_each(|stream| stream.orphaned = true);
                self.vm = vm;
                self.state = WorkerState::Running;
            }
            Ok(false) | Err(_) => self.failed_at = now,
        }
        Ok(())
    }

    /// Calls the guest, then does what it asked for.
    pub(crate) fn run(&mut self, context: u32, callback: &'static str, arguments: &[u32]) -> Option<i32> {
        if self.state != WorkerState::Running || !self.vm.has(callback) {
            return None;
        }
        let answer = self.vm.call(context, callback, arguments).unwrap_or_else(|failure| {
            self.fail(failure);
            None
        });
        if is_of_stream(callback) {
            self.refuse_if_dead(context);
        }
        self.carry_out_all(callback);
        answer
    }

    /// Does what the guest has asked for in a callback, also if it has died since: as in Envoy, which does so too.
    fn carry_out_all(&mut self, callback: &str) {
        let outer = self.decoding;
        self.decoding = outer || callback.starts_with(OF_REQUEST);
        if self.decoding {
            self.vm.data().keep_first_replies();
        }
        while let Some(deferred) = self.vm.data().deferred.pop_front() {
            self.carry_out(deferred);
        }
        self.decoding = outer;
    }

    fn carry_out(&mut self, deferred: Deferred) {
        match deferred {
            Deferred::Resume(id, side) => self.resume(id, side),
            Deferred::Reply(id, reply) => self.reply(id, reply),
            Deferred::Close(id) => self.cut(id),
        }
    }

    /// Cuts a stream off in both directions.
    pub(crate) fn cut(&mut self, id: u32) {
        if let Some(stream) = self.stream(id) {
            stream.request.cut();
            stream.response.cut();
            stream.response.passed.aborted = !stream.response.passed.complete;
        }
    }

    /// The VM has died: its calls are forgotten. Its open streams are refused when something next happens to them.
    fn fail(&mut self, failure: Failure) {
        self.state = WorkerState::Failed(failure);
        self.failed_at = self.shared.clock().monotonic;
        self.shared.lock().calls.drop_vm(self.vm_number());
        let data = self.vm.data();
        data.incoming = None;
    }

    /// Refuses a stream whose VM is dead, whatever the policy.
    pub(crate) fn refuse_if_dead(&mut self, id: u32) {
        let dead = self.is_dead();
        if let Some(stream) = self.stream(id).filter(|stream| stream.attached && (dead || stream.orphaned)) {
            stream.attached = false;
            self.refuse(id);
        }
    }

    /// What a stream of a dead VM gets.
    pub(crate) fn refuse(&mut self, id: u32) {
        self.reply(id, LocalReply::of_the_proxy(503, "wasm_fail_stream", ""));
    }

    /// Which of all VMs that the process has had its own is.
    pub(crate) fn vm_number(&self) -> u64 {
        self.vm.number()
    }

    /// The HTTP calls that its VM has open.
    pub(crate) fn calls(&self) -> Vec<HttpCall> {
        self.shared.lock().calls.list(Some(self.vm_number()))
    }

    /// Ends a call that its VM has open, and tells the guest.
    pub(crate) fn answer(&mut self, call: CallId, answer: CallAnswer) -> Result<(), HostError> {
        let own = self.vm_number();
        {
            let calls = &mut self.shared.lock().calls;
            if calls.vm_of(call) != Some(own) || !calls.close(call) {
                return Err(HostError::NoCall);
            }
        }
        let (headers, body, trailers) = answer.parts();
        let size = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let arguments = [ROOT, call.0, size(headers.len()), size(body.len()), size(trailers.len())];
        self.vm.data().incoming = Some(Incoming { headers, body, trailers });
        self.run(ROOT, "proxy_on_http_call_response", &arguments);
        self.vm.data().incoming = None;
        Ok(())
    }

    /// Ends a stream: the guest's log, then its end. Gives the stream.
    pub(crate) fn close(&mut self, id: u32) -> Option<Stream> {
        let stream = self.stream(id)?;
        if stream.attached && !stream.orphaned {
            stream.logging = true;
            self.run(id, "proxy_on_log", &[id]);
            if let Some(stream) = self.stream(id) {
                stream.logging = false;
            }
            self.run(id, "proxy_on_done", &[id]);
            self.run(id, "proxy_on_delete", &[id]);
        }
        self.vm.data().streams.remove(&id)
    }
}
