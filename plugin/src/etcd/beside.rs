//! What is asked of etcd beside all requests, from the timer: rechecks that have fallen due (7.5), the next hour's lease, and a
//! ledger's birth, so that few passes are older than it.
//!
//! From the timer and not from the request that found the recheck due, since the answer to a call that a stream has made is
//! dropped with the stream, which has often ended before etcd answers. Every worker asks for itself.

use std::sync::Arc;

use tapgate_core::ledger::RecordName;
use tapgate_core::ledger::etcd::SHARED_FOR;
use tapgate_core::policy::{Etcd, Policy};
use tapgate_core::time::{Seconds, UnixSeconds};

use super::talk::{Outcome, Talk, Turn, Want};
use super::{Cluster, of};
use crate::host;
use crate::worker::Worker;

/// How often the timer goes off: what a recheck waits for at most before it is asked.
pub(crate) const PERIOD_IN_MILLISECONDS: u32 = 200;

/// The most rechecks that one tick asks for a policy.
const MOST_RECHECKS: usize = 64;

/// How long before a lease is given to no more records the next is asked for.
const AHEAD: Seconds = Seconds::new(600);

/// How long after asking for a lease or a birth in vain they are asked for again.
const AGAIN_AFTER: Seconds = Seconds::new(5);

/// The talks of the timer.
#[derive(Default)]
pub(crate) struct Beside(Vec<Talk>);

impl Beside {
    /// The timer has gone off.
    pub(crate) fn tick(&mut self, policies: &[Arc<Policy>], worker: &Worker) {
        let Ok(now) = host::now() else { return };
        self.give_up(worker, now);
        for policy in policies {
            let Some(etcd) = of(policy) else { continue };
            let wants = worker.clusters.of(policy, etcd).borrow_mut().wants(policy, now);
            for want in wants {
                if matches!(want, Want::Look(_) | Want::Load(_)) {
                    worker.metrics.count("tapgate.ledger.load");
                }
                let turn = Talk::begin(policy, want.clone(), &worker.clusters, now);
                self.go_on(policy, etcd, &want, turn, worker, now);
            }
        }
    }

    /// A call that the timer made has come back.
    pub(crate) fn hear(&mut self, call: u32, answer: Option<&(u16, Vec<u8>)>, worker: &Worker) {
        let Some(place) = self.0.iter().position(|talk| talk.call == call) else { return };
        let talk = self.0.swap_remove(place);
        let (policy, want) = (Arc::clone(&talk.policy), talk.want.clone());
        let Some(etcd) = of(&policy) else { return };
        let (number, at) = (talk.number, talk.at);
        let now = host::now().unwrap_or(at);
        let turn = match talk.hear(answer, &worker.clusters, now) {
            Turn::Over(Outcome::Loaded(loaded)) => {
                let cluster = worker.clusters.of(&policy, etcd);
                let mut cluster = cluster.borrow_mut();
                match &want {
                    Want::Look(name) => cluster.memory.saw(*name, number, at, *loaded),
                    _ => cluster.begun = true,
                }
                return;
            }
            turn => turn,
        };
        self.go_on(&policy, etcd, &want, turn, worker, now);
    }

    fn go_on(&mut self, policy: &Policy, etcd: &Etcd, want: &Want, turn: Turn, worker: &Worker, now: UnixSeconds) {
        match (turn, want) {
            (Turn::Waits(talk), _) => {
                self.0.push(*talk);
            }
            // The ledger is gone, and all sessions with it: whoever asks next begins another, and finds out.
            (Turn::Over(Outcome::NotBegun), Want::Look(name)) => {
                worker.clusters.of(policy, etcd).borrow_mut().memory.forget(name);
            }
            (Turn::Over(Outcome::Leased), _) => {}
            (Turn::Over(_), want) => {
                worker.metrics.count("tapgate.ledger.failure");
                worker.clusters.of(policy, etcd).borrow_mut().asked_in_vain(want, now);
            }
        }
    }

    /// Forgets calls that nothing has come back from, whatever the proxy does with time-outs: they must not pile up.
    fn give_up(&mut self, worker: &Worker, now: UnixSeconds) {
        self.0.retain(|talk| {
            let Some(etcd) = of(&talk.policy) else { return false };
            let longest = u64::from(etcd.timeout_in_milliseconds).div_ceil(1000).saturating_add(1);
            let waits = now.since(talk.at) <= Seconds::new(longest);
            if !waits {
                worker.clusters.of(&talk.policy, etcd).borrow_mut().asked_in_vain(&talk.want, now);
            }
            waits
        });
    }
}

impl Cluster {
    /// What is to be asked now.
    fn wants(&mut self, policy: &Policy, now: UnixSeconds) -> Vec<Want> {
        let mut wants: Vec<Want> = self.memory.take_due(MOST_RECHECKS).into_iter().map(Want::Look).collect();
        let may = |asked: Option<UnixSeconds>| asked.is_none_or(|asked| now < asked || now.since(asked) >= AGAIN_AFTER);
        let serves = |granted: UnixSeconds| now.plus(AHEAD) < granted.plus(SHARED_FOR);
        if !(self.lease.is_some() && self.leased_at.is_some_and(serves)) && may(self.asked_for_lease) {
            self.asked_for_lease = Some(now);
            wants.push(Want::Lease);
        }
        if !self.begun && may(self.asked_for_birth) {
            self.asked_for_birth = Some(now);
            // Any record will do: the birth comes with each.
            wants.push(Want::Load(RecordName::of_nobody(&policy.tenant)));
        }
        wants
    }

    fn asked_in_vain(&mut self, want: &Want, now: UnixSeconds) {
        match want {
            Want::Look(name) => self.memory.looked_in_vain(name),
            Want::Lease => self.asked_for_lease = Some(now),
            Want::Load(_) | Want::Swap { .. } => self.asked_for_birth = Some(now),
        }
    }
}
