//! The record and its transitions, attempts that race and lose replies, and records as bytes (section 7).

use std::sync::Arc;

use proptest::prelude::*;
use tapgate_core::ledger::bucket::{self, Bucket};
use tapgate_core::ledger::{
    Attempt, Change, Complete, Completion, Event, Loaded, Loading, MOST_SESSIONS, MOST_TRIES, Next, PassRevoked,
    PresentedPass, Record, RecordName, Revoke, RevokePass, SignIn, SignOut, SignedIn, SwapReply, Swapping, Unavailable,
    Version,
};
use tapgate_core::names::{AttemptId, SessionId};
use tapgate_core::policy::Then;
use tapgate_core::refusal::Refusal;
use tapgate_core::time::{Seconds, UnixSeconds};

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_000_000 + seconds).unwrap()
}

fn session(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

/// A sign-in with pass `p` issued at 100, valid from 100 to 5000; window 600, two retries.
fn sign_in(once: bool, holder: u8, number: u8) -> SignIn {
    SignIn {
        pass: PresentedPass {
            id: "p".parse().unwrap(),
            issued: at(100),
            start: at(100),
            end: at(5000),
            once,
            typed: false,
        },
        session: session(number),
        holder: vec![[holder; 32]],
        window: Seconds::new(600),
        retries: 2,
        longest_from_issue: Seconds::new(100_000),
    }
}

fn complete(number: u8, then: Then) -> Complete {
    Complete { session: session(number), then, registered_end: at(5000) }
}

/// A record through a list of events, with the ledger born at 0.
struct History {
    record: Option<Record>,
}

impl History {
    fn new() -> Self {
        Self { record: None }
    }

    fn happens<E: Event>(&mut self, event: &E, now: u64) -> E::Outcome {
        let Change { write, outcome } = event.apply(self.record.as_ref(), at(0), at(now));
        if let Some(record) = write.record() {
            assert_eq!(Record::decode(&record.encode()), Ok(record.clone()), "what is written reads back");
            self.record = Some(record);
        }
        outcome
    }

    fn live(&self, number: u8, now: u64) -> bool {
        self.record.as_ref().is_some_and(|record| record.session(session(number), at(now)).is_some())
    }
}

const fn window(since: u64, deadline: u64) -> (u64, u64) {
    (since, deadline)
}

fn signed_in((since, deadline): (u64, u64)) -> Result<SignedIn, Refusal> {
    Ok(SignedIn { since: at(since), deadline: at(deadline) })
}

#[test]
fn a_one_time_pass_is_its_first_holders() {
    let mut history = History::new();
    assert_eq!(history.happens(&sign_in(true, 1, 1), 200), signed_in(window(200, 800)));
    let before = history.record.clone();
    assert_eq!(history.happens(&sign_in(true, 2, 2), 201), Err(Refusal::AlreadyUsed));
    assert_eq!(history.record, before, "whoever is refused writes nothing");
    assert!(history.live(1, 799) && !history.live(1, 800));
}

#[test]
fn its_holder_may_try_again_within_the_deadline() {
    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&sign_in(true, 1, 2), 500), signed_in(window(200, 800)), "the deadline stays");
    assert!(!history.live(1, 500) && history.live(2, 500), "the former session is over");
    assert_eq!(history.happens(&sign_in(true, 1, 3), 799), signed_in(window(200, 800)));
    assert_eq!(history.happens(&sign_in(true, 1, 4), 799), Err(Refusal::AlreadyUsed), "two retries are two");

    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&sign_in(true, 1, 2), 800), Err(Refusal::AlreadyUsed), "the deadline consumes it");
}

#[test]
fn a_holder_is_known_by_any_of_the_keys() {
    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    let rotated = SignIn { holder: vec![[9; 32], [1; 32]], ..sign_in(true, 1, 2) };
    assert!(history.happens(&rotated, 300).is_ok());
}

#[test]
fn a_shorter_window_binds_retries_too() {
    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    let shorter = SignIn { window: Seconds::new(60), ..sign_in(true, 1, 2) };
    assert_eq!(history.happens(&shorter, 259), signed_in(window(200, 260)));
    assert_eq!(history.happens(&SignIn { session: session(3), ..shorter }, 260), Err(Refusal::AlreadyUsed));
}

#[test]
fn completion_consumes_a_one_time_pass() {
    for then in [Then::SignIn, Then::Continue] {
        let mut history = History::new();
        history.happens(&sign_in(true, 1, 1), 200).unwrap();
        assert_eq!(history.happens(&complete(1, then), 300), Completion::Completed);
        assert_eq!(history.happens(&complete(1, then), 300), Completion::NotLive, "a session completes once");
        assert_eq!(history.happens(&sign_in(true, 1, 2), 301), Err(Refusal::AlreadyUsed));
        assert_eq!(history.live(1, 4999), then == Then::Continue);
        assert!(!history.live(1, 5000));
    }
}

#[test]
fn completion_needs_a_live_session_and_pass() {
    let mut history = History::new();
    assert_eq!(history.happens(&complete(1, Then::Continue), 300), Completion::NotLive, "no record");
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&complete(9, Then::Continue), 300), Completion::NotLive, "another session");
    assert_eq!(history.happens(&complete(1, Then::Continue), 800), Completion::NotLive, "after the deadline");
    history.happens(&sign_in(false, 1, 2), 4900).unwrap();
    assert_eq!(history.happens(&complete(2, Then::Continue), 5000), Completion::NotLive, "after the pass");
    history.happens(&sign_in(false, 1, 3), 4950).unwrap();
    history.happens(&SignOut { session: session(3) }, 4951);
    assert_eq!(history.happens(&complete(3, Then::Continue), 4952), Completion::NotLive, "signed out");
}

#[test]
fn a_multi_use_pass_opens_a_new_window_each_time() {
    let mut history = History::new();
    assert_eq!(history.happens(&sign_in(false, 1, 1), 200), signed_in(window(200, 800)));
    assert_eq!(history.happens(&sign_in(false, 2, 2), 700), signed_in(window(700, 1300)));
    assert!(history.live(1, 799) && history.live(2, 799));
    assert_eq!(history.happens(&sign_in(false, 2, 3), 4900), signed_in(window(4900, 5000)), "but none past its end");
    assert_eq!(history.happens(&sign_in(false, 2, 4), 5000), Err(Refusal::Expired));
}

#[test]
fn sessions_are_bounded_and_the_first_goes_first() {
    let mut history = History::new();
    for number in 0..=u8::try_from(MOST_SESSIONS).unwrap() {
        history.happens(&sign_in(false, 1, number), 200).unwrap();
    }
    assert!(!history.live(0, 200) && history.live(1, 200));
    assert_eq!(history.record.unwrap().sessions.len(), MOST_SESSIONS);
}

#[test]
fn a_newer_pass_replaces_an_older_one() {
    let mut history = History::new();
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    let mut newer = sign_in(true, 1, 2);
    newer.pass = PresentedPass { id: "q".parse().unwrap(), issued: at(101), ..newer.pass };
    assert!(history.happens(&newer, 300).is_ok());
    assert!(!history.live(1, 300), "a replaced pass's sessions die");
    assert_eq!(history.happens(&sign_in(false, 1, 3), 301), Err(Refusal::Replaced));
    let mut unseen = sign_in(false, 1, 4);
    unseen.pass.id = "never-seen".parse().unwrap();
    assert_eq!(history.happens(&unseen, 301), Err(Refusal::Replaced), "seen before or not");
    unseen.pass.issued = at(101);
    assert_eq!(history.happens(&unseen, 301), Err(Refusal::Replaced), "at the floor only the recorded pass stands");
}

#[test]
fn a_pass_does_not_change_what_it_is() {
    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&sign_in(false, 1, 2), 300), Err(Refusal::AlreadyUsed));
    let mut history = History::new();
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&sign_in(true, 1, 2), 300), Err(Refusal::AlreadyUsed));
}

#[test]
fn revoking_works_on_passes_never_seen() {
    let revoke = Revoke { skew: Seconds::new(30), longest_from_issue: Seconds::new(100_000) };
    let mut history = History::new();
    history.happens(&revoke, 150);
    assert_eq!(history.happens(&sign_in(true, 1, 1), 200), Err(Refusal::Revoked));
    let mut ahead = sign_in(true, 1, 1);
    ahead.pass.issued = at(180);
    assert_eq!(history.happens(&ahead, 200), Err(Refusal::Revoked), "an issuer whose clock is ahead");
    ahead.pass.issued = at(181);
    assert!(history.happens(&ahead, 200).is_ok(), "a pass issued since");
    history.happens(&revoke, 150);
    assert!(!history.live(1, 201));
    assert!(history.record.unwrap().floor >= at(181), "a floor never sinks");
}

#[test]
fn revoking_one_pass_leaves_a_newer_one_alone() {
    let revoke = |id: &str, issued: u64| RevokePass {
        id: id.parse().unwrap(),
        issued: at(issued),
        end: at(900),
        longest_from_issue: Seconds::new(100_000),
    };
    let mut history = History::new();
    history.happens(&sign_in(true, 1, 1), 200).unwrap();
    let id = sign_in(true, 1, 1).pass.id;
    assert_eq!(history.happens(&revoke("other", 100), 210), PassRevoked::Before(Refusal::Replaced));
    assert_eq!(history.happens(&revoke("other", 99), 210), PassRevoked::Before(Refusal::Replaced));
    assert!(history.live(1, 210), "another pass's end is none of its business");
    assert_eq!(history.happens(&revoke(id.as_str(), 100), 210), PassRevoked::Now);
    assert!(!history.live(1, 210));
    assert_eq!(history.happens(&sign_in(true, 1, 2), 211), Err(Refusal::Revoked));
    assert_eq!(history.happens(&revoke(id.as_str(), 100), 212), PassRevoked::Before(Refusal::Revoked));
    // Not seen yet: it is refused, and whatever was issued before it; what is issued later is not.
    let mut history = History::new();
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    assert_eq!(history.happens(&revoke("unseen", 150), 210), PassRevoked::Now);
    assert!(!history.live(1, 210));
    assert_eq!(history.record.as_ref().unwrap().keep_until, at(100_150));
    let mut later = sign_in(false, 1, 3);
    later.pass = PresentedPass { id: "unseen".parse().unwrap(), issued: at(150), ..later.pass };
    assert_eq!(history.happens(&later, 211), Err(Refusal::Revoked));
    later.pass = PresentedPass { id: "q".parse().unwrap(), issued: at(151), ..later.pass };
    assert!(history.happens(&later, 211).is_ok());
}

#[test]
fn a_one_time_pass_must_be_younger_than_the_ledger() {
    for (birth, refused) in [(99, false), (100, true), (150, true)] {
        let outcome = sign_in(true, 1, 1).apply(None, at(birth), at(200)).outcome;
        assert_eq!(outcome == Err(Refusal::LedgerTooYoung), refused, "born at {birth}");
        assert!(sign_in(false, 1, 1).apply(None, at(birth), at(200)).outcome.is_ok());
    }
}

#[test]
fn a_record_is_kept_while_it_could_refuse_something() {
    let mut history = History::new();
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    assert_eq!(history.record.as_ref().unwrap().keep_until, at(100_100));
    let registered = Complete { registered_end: at(200_000), ..complete(1, Then::Continue) };
    history.happens(&registered, 300);
    assert_eq!(history.record.unwrap().keep_until, at(200_000));
}

fn name(byte: u8) -> RecordName {
    RecordName::of(&"contoso".parse().unwrap(), &format!("user-{byte}").parse().unwrap())
}

fn loading(event: SignIn, id: u8) -> Loading<SignIn> {
    Attempt::begin(AttemptId::from_bytes([id; 16]), name(0), event)
}

#[test]
fn an_attempt_gives_up_in_the_end() {
    let mut next = Next::Load(loading(sign_in(true, 1, 1), 1));
    let mut loads = 0;
    let outcome = loop {
        next = match next {
            Next::Load(load) => {
                loads += 1;
                load.answer(Ok(Loaded::empty(at(0))), at(200))
            }
            Next::Swap(swap) => swap.answer(SwapReply::Lost),
            Next::Done(outcome) => break outcome,
        }
    };
    assert_eq!(outcome, Err(Unavailable));
    assert_eq!(loads, MOST_TRIES);
}

#[test]
fn nothing_is_granted_on_an_error() {
    let Next::Done(outcome) = loading(sign_in(true, 1, 1), 1).answer(Err(Unavailable), at(200)) else {
        panic!("an end")
    };
    assert_eq!(outcome, Err(Unavailable));
    let swap = swapping(loading(sign_in(true, 1, 1), 1), None);
    assert_eq!(swap.answer(SwapReply::Refused), Next::Done(Err(Unavailable)));
}

fn swapping(load: Loading<SignIn>, record: Option<(Record, Version)>) -> Swapping<SignIn> {
    match load.answer(Ok(Loaded { record, ..Loaded::empty(at(0)) }), at(200)) {
        Next::Swap(swap) => swap,
        other => panic!("a swap, not {other:?}"),
    }
}

#[test]
fn a_lost_reply_is_told_from_a_lost_swap() {
    let swap = swapping(loading(sign_in(true, 1, 1), 1), None);
    let written = swap.record().clone();
    let Next::Load(again) = swap.clone().answer(SwapReply::Unknown) else { panic!("a load") };
    let next =
        again.answer(Ok(Loaded { record: Some((written.clone(), Version(1))), ..Loaded::empty(at(0)) }), at(200));
    assert!(matches!(next, Next::Done(Ok(Ok(_)))), "its own record: it was written");
    let Next::Load(again) = swap.answer(SwapReply::Unknown) else { panic!("a load") };
    let others = Record {
        attempt: AttemptId::from_bytes([9; 16]),
        ..swapping(loading(sign_in(true, 2, 2), 9), None).record().clone()
    };
    let next = again.answer(Ok(Loaded { record: Some((others, Version(1))), ..Loaded::empty(at(0)) }), at(200));
    assert_eq!(next, Next::Done(Ok(Err(Refusal::AlreadyUsed))), "another's record: it was not");
}

#[test]
fn an_early_swap_that_lands_late_is_still_ones_own() {
    // The first swap's reply is lost; the second swap loses, to the first, which has landed meanwhile.
    let first = swapping(loading(SignIn { retries: 0, ..sign_in(true, 1, 1) }, 1), None);
    let landed = first.record().clone();
    let Next::Load(again) = first.answer(SwapReply::Unknown) else { panic!("a load") };
    let Next::Swap(second) = again.answer(Ok(Loaded::empty(at(0))), at(203)) else { panic!("a swap") };
    let Next::Load(again) = second.answer(SwapReply::Lost) else { panic!("a load") };
    let next = again.answer(Ok(Loaded { record: Some((landed, Version(1))), ..Loaded::empty(at(0)) }), at(206));
    assert_eq!(next, Next::Done(Ok(signed_in(window(200, 800)))), "and its outcome is the one that was written");
}

#[test]
fn a_swap_that_the_transport_repeats_is_still_ones_own() {
    // The swap was carried out, its reply lost on the way, and the transport asked again: now another version stands.
    let swap = swapping(loading(SignIn { retries: 0, ..sign_in(true, 1, 1) }, 1), None);
    let landed = swap.record().clone();
    let Next::Load(again) = swap.answer(SwapReply::Lost) else { panic!("a load") };
    let next = again.answer(Ok(Loaded { record: Some((landed, Version(1))), ..Loaded::empty(at(0)) }), at(206));
    assert_eq!(
        next,
        Next::Done(Ok(signed_in(window(200, 800)))),
        "no retry is spent, and nobody is refused by themselves"
    );
}

#[test]
fn a_sign_in_that_is_decided_twice_is_one_session() {
    // The first swap was carried out and its reply lost; before the attempt looked again, another browser signed in.
    let mut history = History::new();
    history.happens(&sign_in(false, 1, 1), 200).unwrap();
    history.happens(&sign_in(false, 2, 2), 201).unwrap();
    assert_eq!(history.happens(&sign_in(false, 1, 1), 202), signed_in(window(202, 802)));
    assert!(history.live(1, 801), "it lasts as long as its person is told");
    assert_eq!(history.record.unwrap().sessions.len(), 2);
}

/// A store for one record, whose replies may be lost.
#[derive(Default)]
struct Store {
    record: Option<(Record, Version)>,
}

impl Store {
    fn swap(&mut self, expected: Option<Version>, record: &Record, fate: u8) -> SwapReply {
        // 0: the request is lost; 1: the reply is lost; else both arrive.
        if fate == 0 {
            return SwapReply::Unknown;
        }
        if self.record.as_ref().map(|(_, version)| *version) != expected {
            return if fate == 1 { SwapReply::Unknown } else { SwapReply::Lost };
        }
        let version = Version(expected.map_or(1, |version| version.0 + 1));
        self.record = Some((record.clone(), version));
        if fate == 1 { SwapReply::Unknown } else { SwapReply::Swapped }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// However browsers race, whichever replies are lost: at most one is told that it holds a one-time pass, and the
    /// record names that one.
    #[test]
    fn exactly_one_holder(schedule in prop::collection::vec((0_usize..5, 0_u8..6), 0..200)) {
        let mut store = Store::default();
        let mut runs: Vec<Next<SignIn>> =
            (0..5_u8).map(|browser| Next::Load(loading(sign_in(true, browser + 1, browser + 1), browser + 1))).collect();
        // Whatever the schedule leaves unfinished is finished afterwards, in order and without losses.
        let rest = (0..5 * 200).map(|step| (step % 5, 5));
        for (browser, fate) in schedule.into_iter().chain(rest) {
            let next = std::mem::replace(&mut runs[browser], Next::Done(Err(Unavailable)));
            runs[browser] = match next {
                Next::Load(load) => load.answer(Ok(Loaded { record: store.record.clone(), ..Loaded::empty(at(0)) }), at(200)),
                Next::Swap(swap) => {
                    let reply = store.swap(swap.expected(), swap.record(), fate);
                    swap.answer(reply)
                }
                done @ Next::Done(_) => done,
            };
        }
        let holders: Vec<usize> = (0..5).filter(|browser| matches!(runs[*browser], Next::Done(Ok(Ok(_))))).collect();
        prop_assert!(holders.len() <= 1, "{holders:?}");
        prop_assert!(runs.iter().all(|run| matches!(run, Next::Done(_))), "every run ends");
        if let [holder] = holders[..] {
            let reservation = store.record.unwrap().0.pass.unwrap().reservation.unwrap();
            prop_assert_eq!(reservation.holder, [u8::try_from(holder).unwrap() + 1; 32]);
        }
    }

    /// Whatever a store gives back is a record or refused; it never panics, and never reads as more than it is.
    #[test]
    fn any_bytes_are_a_record_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(record) = Record::decode(&bytes) {
            prop_assert_eq!(record.encode(), bytes.clone());
        }
        if let Ok(bucket) = Bucket::decode(&bytes) {
            let _ = bucket.get(&name(0));
        }
    }

    #[test]
    fn no_cut_record_reads(cut in 0_usize..100) {
        let record = swapping(loading(sign_in(true, 1, 1), 1), None).record().clone();
        let bytes = record.encode();
        prop_assume!(cut < bytes.len());
        prop_assert_eq!(Record::decode(&bytes[..cut]), Err(Unavailable));
    }
}

#[test]
fn a_bucket_keeps_what_matters_and_is_full_rather_than_forgetful() {
    let record =
        |keep: u64| Record { keep_until: at(keep), ..swapping(loading(sign_in(true, 1, 1), 1), None).record().clone() };
    let mut bytes = Vec::new();
    for user in 0..8 {
        bytes = Bucket::decode(&bytes).unwrap().with(&name(user), &record(500 + u64::from(user)), 8, at(200)).unwrap();
    }
    let bucket = || Bucket::decode(&bytes).unwrap();
    assert_eq!(bucket().with(&name(8), &record(900), 8, at(499)), Err(bucket::Full));
    let updated = bucket().with(&name(3), &record(999), 4, at(499)).unwrap();
    assert_eq!(Bucket::decode(&updated).unwrap().get(&name(3)).unwrap().unwrap().keep_until, at(999));
    let roomier = bucket().with(&name(8), &record(900), 8, at(500)).unwrap();
    let roomier = Bucket::decode(&roomier).unwrap();
    assert_eq!(roomier.get(&name(0)), Ok(None), "what no longer matters makes room");
    assert!(roomier.get(&name(8)).unwrap().is_some() && roomier.get(&name(1)).unwrap().is_some());
}

#[test]
fn a_ledgers_size_follows_the_policy() {
    assert_eq!(bucket::capacity(1), 24);
    assert_eq!(bucket::capacity(100_000), 50);
    assert_eq!(bucket::capacity(1_000_000), 490);
    let birth = bucket::encode_birth(at(5));
    assert_eq!(bucket::decode_birth(&birth), Ok(at(5)));
    assert_eq!(bucket::decode_birth(b"1234567"), Err(Unavailable));
    assert_eq!(bucket::decode_birth(&[0xff; 8]), Err(Unavailable));
}

#[test]
fn names_are_told_apart_by_tenant_and_user_alone() {
    let of = |tenant: &str, user: &str| RecordName::of(&tenant.parse().unwrap(), &user.parse().unwrap());
    assert_ne!(of("ab", "c"), of("a", "bc"));
    assert_eq!(of("a", "b"), of("a", "b"));
    let shared = Arc::new(of("a", "b"));
    assert_eq!(*shared.as_bytes(), *of("a", "b").as_bytes());
}
