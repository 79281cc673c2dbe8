//! What every ledger must be to the rules, wherever it lies: one contract, run for the memory, for a proxy's shared data and
//! for etcd; then what is etcd's own.

mod etcd;
mod fake;
mod goldens;
mod hostile;
mod leases;
mod places;
mod survey;

use std::mem;

use proptest::prelude::*;
use tapgate_core::ledger::etcd::{Answer, Credentials};
use tapgate_core::ledger::{
    Attempt, Complete, Event, Ledger, Memory, Next, PresentedPass, Record, RecordName, Revoke, SignIn, SignOut,
    SwapReply, Unavailable, Version,
};
use tapgate_core::names::{AttemptId, SessionId};
use tapgate_core::policy::{Policy, Then, compile};
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::site;
use fake::FakeEtcd;
use places::{Etcd, SharedData};

pub(crate) fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_000_000 + seconds).unwrap()
}

pub(crate) fn name(user: u8) -> RecordName {
    RecordName::of(&"contoso".parse().unwrap(), &format!("user-{user}").parse().unwrap())
}

pub(crate) fn policy() -> Policy {
    compiled(&site::policy())
}

pub(crate) fn compiled(document: &serde_json::Value) -> Policy {
    compile(document.to_string().as_bytes(), &|_| None).ok().and_then(|mut all| all.policies.pop()).expect("a policy")
}

/// A sign-in with one of two passes; the second replaces the first.
pub(crate) fn sign_in(pass: u8, once: bool, holder: u8, number: u8) -> SignIn {
    let issued = at(100 + u64::from(pass));
    SignIn {
        pass: PresentedPass {
            id: format!("p{pass}").parse().unwrap(),
            issued,
            start: issued,
            end: at(5000),
            once,
            typed: false,
        },
        session: SessionId::from_bytes([number; 16]),
        holder: vec![[holder; 32]],
        window: Seconds::new(600),
        retries: 2,
        longest_from_issue: Seconds::new(100_000),
    }
}

/// A record as a first sign-in writes it.
pub(crate) fn record(number: u8) -> Record {
    let written = sign_in(1, true, number, number).apply(None, at(0), at(200)).write.record().expect("a record");
    Record { attempt: AttemptId::from_bytes([number; 16]), ..written }
}

/// Every ledger, with its name; each is born at 1 by its first load, the memory when it is made.
fn everywhere() -> [(&'static str, Box<dyn Ledger>); 4] {
    let mut guarded = FakeEtcd::new();
    guarded.user = Some(("tapgate", "s3cret"));
    let credentials = Credentials::new("tapgate".to_owned(), "s3cret".to_owned().into()).ok();
    [
        ("memory", Box::new(Memory::born(at(1)))),
        ("shared data", Box::new(SharedData::default())),
        ("etcd", Box::new(Etcd::new(FakeEtcd::new(), "/tapgate/", None))),
        ("etcd with users", Box::new(Etcd::new(guarded, "", credentials))),
    ]
}

#[test]
fn a_ledger_begins_once() {
    let policy = policy();
    for (place, mut ledger) in everywhere() {
        for (user, now) in [(1, 1), (2, 50), (1, 60)] {
            let loaded = ledger.load(&policy, &name(user), at(now)).unwrap();
            assert_eq!((loaded.birth, loaded.record), (at(1), None), "{place}");
        }
    }
}

#[test]
fn what_is_swapped_is_what_loads() {
    let policy = policy();
    for (place, mut ledger) in everywhere() {
        let load = |ledger: &mut Box<dyn Ledger>, user| ledger.load(&policy, &name(user), at(1)).unwrap().record;
        assert_eq!(load(&mut ledger, 1), None, "{place}");
        let mut expected = None;
        let mut versions = Vec::new();
        for number in 1..=5 {
            let reply = ledger.swap(&policy, &name(1), expected, &record(number), at(200));
            assert_eq!(reply, SwapReply::Swapped, "{place}");
            let (loaded, version) = load(&mut ledger, 1).unwrap();
            assert_eq!(loaded, record(number), "{place}");
            assert!(!versions.contains(&version), "{place}: a version stands for one content");
            versions.push(version);
            expected = Some(version);
        }
        assert_eq!(load(&mut ledger, 2), None, "{place}: users are apart");
    }
}

#[test]
fn a_lost_swap_writes_nothing() {
    let policy = policy();
    for (place, mut ledger) in everywhere() {
        let load = |ledger: &mut Box<dyn Ledger>| ledger.load(&policy, &name(1), at(1)).unwrap().record;
        assert_eq!(load(&mut ledger), None, "{place}");
        let stale = ledger.swap(&policy, &name(1), Some(Version(1)), &record(1), at(200));
        assert_eq!((stale, load(&mut ledger)), (SwapReply::Lost, None), "{place}: nothing stands");
        assert_eq!(ledger.swap(&policy, &name(1), None, &record(1), at(200)), SwapReply::Swapped, "{place}");
        let (_, first) = load(&mut ledger).unwrap();
        assert_eq!(ledger.swap(&policy, &name(1), None, &record(2), at(200)), SwapReply::Lost, "{place}");
        assert_eq!(ledger.swap(&policy, &name(1), Some(first), &record(3), at(200)), SwapReply::Swapped, "{place}");
        assert_eq!(ledger.swap(&policy, &name(1), Some(first), &record(4), at(200)), SwapReply::Lost, "{place}");
        assert_eq!(load(&mut ledger).unwrap().0, record(3), "{place}");
    }
}

/// An attempt of some kind on its way.
enum Run {
    SignIn(Next<SignIn>),
    Complete(Next<Complete>),
    SignOut(Next<SignOut>),
    Revoke(Next<Revoke>),
}

impl Run {
    fn begin(kind: u8, number: u8) -> Self {
        fn load<E: Event>(number: u8, event: E) -> Next<E> {
            Next::Load(Attempt::begin(AttemptId::from_bytes([number; 16]), name(0), event))
        }
        let session = SessionId::from_bytes([number.saturating_sub(1); 16]);
        match kind {
            0..=4 => Self::SignIn(load(number, sign_in(1, kind < 3, number % 3, number))),
            5 => Self::SignIn(load(number, sign_in(2, true, number % 3, number))),
            6 => Self::Complete(load(number, Complete { session, then: Then::Continue, registered_end: at(5000) })),
            7 => Self::SignOut(load(number, SignOut { session })),
            _ => {
                let longest_from_issue = Seconds::new(100_000);
                Self::Revoke(load(number, Revoke { skew: Seconds::new(0), longest_from_issue }))
            }
        }
    }

    fn step(&mut self, ledger: &mut dyn Ledger, policy: &Policy, fate: u8) {
        match self {
            Self::SignIn(next) => step(next, ledger, policy, fate),
            Self::Complete(next) => step(next, ledger, policy, fate),
            Self::SignOut(next) => step(next, ledger, policy, fate),
            Self::Revoke(next) => step(next, ledger, policy, fate),
        }
    }

    /// What came of it, as text; `None` while it is under way.
    fn outcome(&self) -> Option<String> {
        fn done<E: Event>(next: &Next<E>) -> Option<String> {
            if let Next::Done(outcome) = next { Some(format!("{outcome:?}")) } else { None }
        }
        match self {
            Self::SignIn(next) => done(next),
            Self::Complete(next) => done(next),
            Self::SignOut(next) => done(next),
            Self::Revoke(next) => done(next),
        }
    }
}

/// One call, which may get lost (`fate` 0) or whose answer may (1).
fn step<E: Event>(next: &mut Next<E>, ledger: &mut dyn Ledger, policy: &Policy, fate: u8) {
    *next = match mem::replace(next, Next::Done(Err(Unavailable))) {
        Next::Load(load) => {
            let loaded = ledger.load(policy, load.name(), at(200));
            load.answer(loaded, at(200))
        }
        Next::Swap(swap) if fate == 0 => swap.answer(SwapReply::Unknown),
        Next::Swap(swap) => {
            let reply = ledger.swap(policy, swap.name(), swap.expected(), swap.record(), at(200));
            swap.answer(if fate == 1 { SwapReply::Unknown } else { reply })
        }
        done @ Next::Done(_) => done,
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Attempts of every kind, interleaved call by call, some of whose calls or answers get lost, come to the same in every
    /// ledger, and leave the same behind.
    #[test]
    fn every_ledger_is_the_same_to_the_rules(
        kinds in prop::collection::vec(0_u8..9, 5),
        schedule in prop::collection::vec((0_usize..5, 0_u8..6), 0..60),
    ) {
        let policy = policy();
        let mut told = Vec::new();
        for (place, mut ledger) in everywhere() {
            ledger.load(&policy, &name(9), at(1)).unwrap();
            let mut runs: Vec<Run> = (1..).zip(&kinds).map(|(number, kind)| Run::begin(*kind, number)).collect();
            let rest = (0..5).flat_map(|run| std::iter::repeat_n((run, 9), 64));
            for (run, fate) in schedule.iter().copied().chain(rest) {
                runs[run].step(&mut *ledger, &policy, fate);
            }
            let outcomes: Vec<String> = runs.iter().map(|run| run.outcome().expect("every run ends")).collect();
            let left = ledger.load(&policy, &name(0), at(300)).unwrap();
            told.push((place, outcomes, left.birth, left.record.map(|(record, _)| record)));
        }
        let (_, outcomes, birth, record) = &told[0];
        for (place, others, other_birth, other) in &told[1..] {
            prop_assert_eq!((outcomes, birth, record), (others, other_birth, other), "{}", place);
        }
    }

    /// A one-time pass has one holder in every ledger.
    #[test]
    fn a_one_time_pass_has_one_holder_everywhere(
        schedule in prop::collection::vec((0_usize..4, 0_u8..4), 0..60),
    ) {
        let policy = policy();
        for (place, mut ledger) in everywhere() {
            ledger.load(&policy, &name(9), at(1)).unwrap();
            let begin = |number: u8| {
                let event = SignIn { retries: 0, ..sign_in(1, true, number, number) };
                Next::Load(Attempt::begin(AttemptId::from_bytes([number; 16]), name(0), event))
            };
            let mut runs: Vec<Next<SignIn>> = (1..=4).map(begin).collect();
            let rest = (0..4).flat_map(|run| std::iter::repeat_n((run, 9), 64));
            for (run, fate) in schedule.iter().copied().chain(rest) {
                step(&mut runs[run], &mut *ledger, &policy, fate);
            }
            let held = runs.iter().filter(|run| matches!(run, Next::Done(Ok(Ok(_))))).count();
            let ended = runs.iter().all(|run| matches!(run, Next::Done(_)));
            prop_assert!(held <= 1 && ended, "{}: {:?}", place, runs);
        }
    }
}
