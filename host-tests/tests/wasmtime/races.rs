//! Workers that race for one record, at every host call where they can: the schedule that found a fault is named.

use tapgate_core::audit::PREFIX;
use tapgate_host::{Event, Exhaustive, LogLine, Metric, Schedule, StreamId, Trace};
use tapgate_host_tests::pass::{Pass, Receipt, read_assertion};

use crate::gate::{Gate, navigation, ok, present, request, session};

/// How many schedules of the random kind are tried.
const SCHEDULES: u64 = 300;

/// What came of a race.
struct Race {
    trace: Trace,
    /// How often a worker found the record changed since it had read it.
    lost_swaps: u64,
}

fn lost_swaps(gate: &Gate) -> u64 {
    match gate.host.metric("tapgate.ledger.swap_lost") {
        Some(Metric::Counter(count)) => count,
        _ => 0,
    }
}

/// One browser on each worker presents the same one-time pass; exactly one of them is let in.
fn race_for_a_pass(workers: usize, schedule: Schedule) -> Race {
    let mut gate = Gate::with(workers);
    // By the gate's clock, not the machine's, which may have come to the next second meanwhile.
    let start = gate.host.clock().wall.as_secs() - 1;
    let pass = Pass::new(&gate.keys, "alice").once().claim("iat", start).claim("nbf", start).mint(&gate.secrets);
    let ids: Vec<StreamId> = (0..workers).map(|worker| gate.host.stream(worker).expect("a worker").id()).collect();
    let pass = pass.as_str();
    let presents = |id: &StreamId| -> (StreamId, Event<'_>) { (*id, Box::new(move |stream| present(stream, pass))) };
    let trace = gate.host.interleave(schedule, ids.iter().map(presents).collect()).expect("sign-ins");
    let seen: Vec<_> = ids.iter().map(|id| gate.host.at(*id).expect("a stream").close().expect("an answer")).collect();
    let choices = trace.choices();
    let let_in = seen.iter().filter(|seen| session(seen).is_some()).count();
    assert_eq!(let_in, 1, "{choices:?}");
    for exchange in &seen {
        let expected = if session(exchange).is_some() { 303 } else { 401 };
        assert_eq!(exchange.downstream.status(), Some(expected), "{choices:?}");
        assert!(!exchange.upstream.complete, "{choices:?}");
    }
    let refused = |line: &LogLine| line.text.starts_with(PREFIX) && line.text.contains(r#""reason":"already_used""#);
    let alarms = gate.host.logs().iter().filter(|line| refused(line)).count();
    assert_eq!(alarms, workers - 1, "{choices:?}");
    Race { trace, lost_swaps: lost_swaps(&gate) }
}

/// B7.3: one holder, whatever the order in which four workers read and write.
#[test]
fn one_holder_under_every_random_schedule() {
    let races: Vec<_> = (0..SCHEDULES).map(|seed| race_for_a_pass(4, Schedule::seeded(seed))).collect();
    let contended = races.iter().filter(|race| race.lost_swaps > 0).count();
    assert!(contended > 200, "only {contended} of {SCHEDULES} schedules made workers collide");
}

/// B7.3: two workers, every schedule in which they stop each other in the middle at most twice.
#[test]
fn one_holder_wherever_a_worker_is_stopped() {
    let mut all = Exhaustive::with_preemptions(2);
    let (mut played, mut contended) = (0, 0);
    while let Some(schedule) = all.schedule() {
        let race = race_for_a_pass(2, schedule);
        contended += usize::from(race.lost_swaps > 0);
        played += 1;
        all.played(&race.trace);
    }
    assert!(played > 200, "only {played} schedules");
    assert!(contended > 50, "only in {contended} of {played} was a worker stopped between reading and writing");
}

/// B5.5: a session completes once, though two answers bring a receipt at the same moment.
#[test]
fn a_session_completes_once_under_every_random_schedule() {
    let mut contended = 0;
    for seed in 0..SCHEDULES {
        let mut gate = Gate::with(2);
        let pass = Pass::new(&gate.keys, "alice").mint(&gate.secrets);
        let cookie = session(&gate.sign_in(0, &pass)).expect("a session");
        let page = gate.exchange(1, navigation("/register", &cookie), ok());
        let claims = read_assertion(&gate.keys, &page.upstream.header("tapgate-assertion").expect("an assertion"));
        let sid = claims["sid"].as_str().expect("a session id").to_owned();
        let receipt = Receipt::new(&gate.keys, "alice", &sid).mint(&gate.secrets);
        let ids = [0, 1].map(|worker| {
            let finish =
                request("POST", "/register/finish").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
            let mut stream = gate.host.stream(worker).expect("a worker");
            stream.request_headers(finish, true).expect("a request");
            stream.id()
        });
        let answer = |id| -> (StreamId, Event<'_>) {
            let answer = ok().with("tapgate-receipt", &receipt);
            (id, Box::new(move |stream| stream.response_headers(answer, true).map(drop)))
        };
        let before = lost_swaps(&gate);
        let trace = gate.host.interleave(Schedule::seeded(seed), ids.map(answer).into()).expect("answers");
        let opened = ids
            .iter()
            .filter(|id| session(&gate.host.at(**id).expect("a stream").close().expect("an answer")).is_some())
            .count();
        assert_eq!(opened, 1, "{:?}", trace.choices());
        contended += usize::from(lost_swaps(&gate) > before);
    }
    assert!(contended > 20, "only {contended} of {SCHEDULES} schedules made workers collide");
}
