//! The contract: what every ledger must be to the rules, as laws over one that has not begun. Whoever has a ledger runs them:
//! core's tests, and the host tests over a real etcd.

use std::mem;

use proptest::prelude::*;
use tapgate_core::ledger::{
    Amendment, Attempt, Complete, Event, Ledger, Next, PresentedPass, Put, Record, RecordName, Revoke, SignIn, SignOut,
    SwapReply, Unavailable, Version,
};
use tapgate_core::names::{AttemptId, SessionId};
use tapgate_core::policy::{Policy, Then};
use tapgate_core::time::{Seconds, UnixSeconds};

pub(crate) fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_000_000 + seconds).unwrap()
}

pub(crate) fn name(user: u8) -> RecordName {
    RecordName::of(&"contoso".parse().unwrap(), &format!("user-{user}").parse().unwrap())
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

/// A law, over a ledger that is begun at 1 by its first load, or that began then.
pub(crate) type Law = fn(&mut dyn Ledger, &Policy, &str);

/// All of them, but for those that need random attempts: [`comes_to`] and [`holders`].
pub(crate) const LAWS: [(&str, Law); 4] = [
    ("a ledger begins once", begins_once),
    ("what is swapped is what loads", swapped_is_loaded),
    ("a lost swap writes nothing", lost_writes_nothing),
    ("what is amended comes with every record", amended_is_loaded),
];

/// A record to be written.
pub(crate) fn put(name: RecordName, record: &Record) -> Put {
    Put::Record(name, Box::new(record.clone()))
}

fn begins_once(ledger: &mut dyn Ledger, policy: &Policy, place: &str) {
    for (user, now) in [(1, 1), (2, 50), (1, 60)] {
        let loaded = ledger.load(policy, &name(user), at(now)).unwrap();
        assert_eq!((loaded.birth, loaded.record), (at(1), None), "{place}");
    }
}

fn swapped_is_loaded(ledger: &mut dyn Ledger, policy: &Policy, place: &str) {
    let load = |ledger: &mut dyn Ledger, user| ledger.load(policy, &name(user), at(1)).unwrap().record;
    assert_eq!(load(ledger, 1), None, "{place}");
    let mut expected = None;
    let mut versions = Vec::new();
    for number in 1..=5 {
        let reply = ledger.swap(policy, expected, &put(name(1), &record(number)), at(200));
        assert_eq!(reply, SwapReply::Swapped, "{place}");
        let (loaded, version) = load(ledger, 1).unwrap();
        assert_eq!(loaded, record(number), "{place}");
        assert!(!versions.contains(&version), "{place}: a version stands for one content");
        versions.push(version);
        expected = Some(version);
    }
    assert_eq!(load(ledger, 2), None, "{place}: users are apart");
}

fn amended_is_loaded(ledger: &mut dyn Ledger, policy: &Policy, place: &str) {
    // Where nothing can be amended, nobody needs to look.
    if policy.admin.is_none() {
        return;
    }
    let load = |ledger: &mut dyn Ledger, user| ledger.load(policy, &name(user), at(1)).unwrap();
    assert_eq!(load(ledger, 1).amendment, None, "{place}");
    assert_eq!(ledger.swap(policy, None, &put(name(1), &record(1)), at(200)), SwapReply::Swapped, "{place}");
    let mut expected = None;
    let mut versions = Vec::new();
    for bytes in [&b"one"[..], b"two", b""] {
        let amendment = Amendment::new(bytes.to_vec()).unwrap();
        assert_eq!(
            ledger.swap(policy, expected, &Put::Amendment(amendment.clone()), at(200)),
            SwapReply::Swapped,
            "{place}"
        );
        for user in [1, 2] {
            let (loaded, version) = load(ledger, user).amendment.unwrap();
            assert_eq!(loaded, amendment, "{place}");
            expected = Some(version);
        }
        assert!(!versions.contains(&expected), "{place}: a version stands for one content");
        versions.push(expected);
    }
    let late = Put::Amendment(Amendment::new(b"late".to_vec()).unwrap());
    for stale in [None, versions[0]] {
        assert_eq!(ledger.swap(policy, stale, &late, at(200)), SwapReply::Lost, "{place}");
    }
    assert_eq!(load(ledger, 2).amendment, Some((Amendment::none(), expected.unwrap())), "{place}");
    assert_eq!(load(ledger, 1).record.unwrap().0, record(1), "{place}: and records are as they were");
}

fn lost_writes_nothing(ledger: &mut dyn Ledger, policy: &Policy, place: &str) {
    let load = |ledger: &mut dyn Ledger| ledger.load(policy, &name(1), at(1)).unwrap().record;
    assert_eq!(load(ledger), None, "{place}");
    let stale = ledger.swap(policy, Some(Version(1)), &put(name(1), &record(1)), at(200));
    assert_eq!((stale, load(ledger)), (SwapReply::Lost, None), "{place}: nothing stands");
    assert_eq!(ledger.swap(policy, None, &put(name(1), &record(1)), at(200)), SwapReply::Swapped, "{place}");
    let (_, first) = load(ledger).unwrap();
    assert_eq!(ledger.swap(policy, None, &put(name(1), &record(2)), at(200)), SwapReply::Lost, "{place}");
    assert_eq!(ledger.swap(policy, Some(first), &put(name(1), &record(3)), at(200)), SwapReply::Swapped, "{place}");
    assert_eq!(ledger.swap(policy, Some(first), &put(name(1), &record(4)), at(200)), SwapReply::Lost, "{place}");
    assert_eq!(load(ledger).unwrap().0, record(3), "{place}");
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
            let reply = ledger.swap(policy, swap.expected(), &put(*swap.name(), swap.record()), at(200));
            swap.answer(if fate == 1 { SwapReply::Unknown } else { reply })
        }
        done @ Next::Done(_) => done,
    };
}

/// Which of the attempts takes its next step, and what becomes of the call, in turn.
pub(crate) type Schedule = Vec<(usize, u8)>;

/// Random attempts of every kind, and how they interleave.
pub(crate) fn attempts() -> impl Strategy<Value = (Vec<u8>, Schedule)> {
    (prop::collection::vec(0_u8..9, ATTEMPTS), prop::collection::vec((0..ATTEMPTS, 0_u8..6), 0..60))
}

/// How four browsers' sign-ins with one pass interleave.
pub(crate) fn race() -> impl Strategy<Value = Schedule> {
    prop::collection::vec((0..BROWSERS, 0_u8..4), 0..60)
}

const ATTEMPTS: usize = 5;
const BROWSERS: usize = 4;

/// After a schedule everybody goes on, without losses, until they are done.
fn to_the_end(schedule: &Schedule, runs: usize) -> impl Iterator<Item = (usize, u8)> {
    let rest = (0..runs).flat_map(|run| std::iter::repeat_n((run, 9), 64));
    schedule.iter().copied().chain(rest)
}

/// What attempts came to, and what they left behind.
#[derive(Debug, PartialEq)]
pub(crate) struct Left {
    outcomes: Vec<String>,
    birth: UnixSeconds,
    record: Option<Record>,
}

/// Attempts of every kind, interleaved call by call, some of whose calls or answers get lost: they come to the same in every
/// ledger, and leave the same behind.
pub(crate) fn comes_to(ledger: &mut dyn Ledger, policy: &Policy, kinds: &[u8], schedule: &Schedule) -> Left {
    ledger.load(policy, &name(9), at(1)).unwrap();
    let mut runs: Vec<Run> = (1..).zip(kinds).map(|(number, kind)| Run::begin(*kind, number)).collect();
    for (run, fate) in to_the_end(schedule, kinds.len()) {
        runs[run].step(ledger, policy, fate);
    }
    let outcomes = runs.iter().map(|run| run.outcome().expect("every run ends")).collect();
    let left = ledger.load(policy, &name(0), at(300)).unwrap();
    Left { outcomes, birth: left.birth, record: left.record.map(|(record, _)| record) }
}

/// Browsers that want one one-time pass: how many hold it. At most one does in every ledger.
pub(crate) fn holders(ledger: &mut dyn Ledger, policy: &Policy, schedule: &Schedule) -> usize {
    ledger.load(policy, &name(9), at(1)).unwrap();
    let begin = |number: u8| {
        let event = SignIn { retries: 0, ..sign_in(1, true, number, number) };
        Next::Load(Attempt::begin(AttemptId::from_bytes([number; 16]), name(0), event))
    };
    let mut runs: Vec<Next<SignIn>> = (1..).map(begin).take(BROWSERS).collect();
    for (run, fate) in to_the_end(schedule, BROWSERS) {
        step(&mut runs[run], ledger, policy, fate);
    }
    assert!(runs.iter().all(|run| matches!(run, Next::Done(_))), "every run ends: {runs:?}");
    runs.iter().filter(|run| matches!(run, Next::Done(Ok(Ok(_))))).count()
}
