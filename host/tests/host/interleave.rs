//! Point (l): workers interleaved at host calls, as a schedule has it.

use std::collections::BTreeSet;

use tapgate_host::{Config, Event, Exhaustive, Host, HostError, Module, Schedule, StreamId, Trace};

use crate::guest::{get, module, ok};

/// Reads a counter of one byte and writes it back one higher, with the version it has read (`cas`) or without one. With a
/// version it tries again until it has written.
fn counting(cas: &str) -> Module {
    module(&format!(
        r#"
    (data (i32.const 1024) "counter")
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (drop (call $set_shared (i32.const 1024) (i32.const 7) (i32.const 1040) (i32.const 1) (i32.const 0)))
      (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (loop $again
        (drop (call $get_shared (i32.const 1024) (i32.const 7) (i32.const 0) (i32.const 4) (i32.const 8)))
        (i32.store8 (i32.const 1048) (i32.add (i32.const 1) (i32.load8_u (i32.load (i32.const 0)))))
        (br_if $again
          (call $set_shared (i32.const 1024) (i32.const 7) (i32.const 1048) (i32.const 1) {cas})))
      (i32.const 0))"#
    ))
}

const WITH_VERSION: &str = "(i32.load (i32.const 8))";
const WITHOUT: &str = "(i32.const 0)";

/// A request on each worker at once; gives the trace and the counter.
fn count(module: &Module, workers: usize, schedule: Schedule) -> (Trace, u8) {
    let mut host = Host::start(module, Config::new().workers(workers)).expect("a guest that starts");
    let events = (0..workers).map(|worker| (host.stream(worker).expect("a worker").id(), request())).collect();
    let trace = host.interleave(schedule, events).expect("events that happen");
    let (value, _) = host.shared_data("counter").expect("a counter");
    (trace, value.first().copied().expect("a byte"))
}

fn request() -> Event<'static> {
    Box::new(|stream| stream.request_headers(get("/"), true).map(drop))
}

#[test]
fn a_counter_without_versions_loses_updates_and_one_with_them_does_not() {
    let (without, with) = (counting(WITHOUT), counting(WITH_VERSION));
    let counted: BTreeSet<u8> = (0..200).map(|seed| count(&without, 3, Schedule::seeded(seed)).1).collect();
    assert_eq!(counted, BTreeSet::from([1, 2, 3]), "some schedules lose updates, some do not");
    for seed in 0..200 {
        assert_eq!(count(&with, 3, Schedule::seeded(seed)).1, 3, "seed {seed}");
    }
    assert_eq!(count(&without, 3, Schedule::of([])).1, 3, "in turn nothing is lost");
}

#[test]
fn a_schedule_can_be_played_again() {
    let module = counting(WITHOUT);
    let (trace, counted) = count(&module, 3, Schedule::seeded(7));
    assert_eq!(count(&module, 3, Schedule::seeded(7)), (trace.clone(), counted));
    assert_eq!(count(&module, 3, Schedule::of(trace.choices())), (trace.clone(), counted));
    assert_ne!(count(&module, 3, Schedule::seeded(8)).0, trace);
}

/// Choices that cannot be made, as from a trace of something else, are left out.
#[test]
fn a_schedule_that_does_not_fit_ends_too() {
    let module = counting(WITH_VERSION);
    for choices in [[9; 20], [0; 20], [1; 20]] {
        let (trace, counted) = count(&module, 2, Schedule::of(choices));
        assert_eq!((trace.preemptions(), counted), (0, 2), "{choices:?}");
    }
}

/// Two workers make two host calls each. With no preemption one runs after the other; with one, the first can be stopped
/// before its first or its second call, or started second.
#[test]
fn few_preemptions_find_the_race_and_none_find_nothing() {
    let module = counting(WITHOUT);
    let explore = |preemptions| {
        let mut all = Exhaustive::with_preemptions(preemptions);
        let mut traces = Vec::new();
        let mut lost = 0;
        while let Some(schedule) = all.schedule() {
            let (trace, counted) = count(&module, 2, schedule);
            assert!(trace.preemptions() <= preemptions, "{trace:?}");
            lost += usize::from(counted < 2);
            all.played(&trace);
            traces.push(trace.choices());
        }
        let different: BTreeSet<_> = traces.iter().cloned().collect();
        assert_eq!(different.len(), traces.len(), "no schedule twice");
        (traces.len(), lost)
    };
    assert_eq!(explore(0), (2, 0), "one after the other, in both orders");
    // Whoever is first can be stopped before either of its calls; only between them is an update lost.
    assert_eq!(explore(1), (6, 2));
    let (all, lost) = explore(99);
    // Three stretches each (to the first call, to the second, to the end): as many orders as six choose three.
    assert_eq!(all, 20);
    assert!(lost > 2, "{lost}");
}

/// Workers meet in few host calls, and only there is anybody stopped: the choices are spent where they count.
#[test]
fn nobody_stops_where_nobody_can_meet() {
    let choices = |call: &str| {
        let body = format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (drop (call {call})) (i32.const 0))"#
        );
        count_choices(&module(&body))
    };
    let meeting = [
        "$get_shared (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)",
        "$set_shared (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0)",
        "$increment (i32.const 0) (i64.const 1)",
        "$record (i32.const 0) (i64.const 1)",
        "$random (i32.const 0) (i32.const 8)",
        "$call (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)",
    ];
    for call in meeting {
        assert_eq!(choices(call), 4, "two stretches of two workers: {call}");
    }
    let alone = [
        "$define (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)",
        "$log (i32.const 2) (i32.const 0) (i32.const 1)",
        "$time (i32.const 16)",
        "$pairs (i32.const 0) (i32.const 0) (i32.const 4)",
        "$remove (i32.const 0) (i32.const 0) (i32.const 1)",
        "$property (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)",
        "$buffer (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 4)",
    ];
    for call in alone {
        assert_eq!(choices(call), 2, "one stretch each: {call}");
    }
}

fn count_choices(module: &Module) -> usize {
    let mut host = Host::start(module, Config::new().workers(2)).expect("a guest that starts");
    let events = [0, 1].map(|worker| (host.stream(worker).expect("a worker").id(), request()));
    host.interleave(Schedule::of([]), events.into()).expect("events that happen").choices().len()
}

#[test]
fn each_worker_gets_its_own_stream_and_one_event() {
    let mut host = Host::start(&counting(WITHOUT), Config::new().workers(2)).expect("a guest that starts");
    let ids: [StreamId; 2] = [0, 0].map(|worker| host.stream(worker).expect("a worker").id());
    let both = ids.map(|id| (id, request())).into();
    let refused = host.interleave(Schedule::of([]), both);
    assert_eq!(refused, Err(HostError::OutOfOrder("two events on one worker")));
    host.at(ids[0]).expect("a stream").close().expect("an end");
    let gone = host.interleave(Schedule::of([]), vec![(ids[0], Box::new(|_| Ok(())))]);
    assert_eq!(gone, Err(HostError::NoStream));
    // An event's own error comes back.
    let answer: Event<'_> = Box::new(|stream| stream.response_headers(ok(), true).map(drop));
    let early = host.interleave(Schedule::of([]), vec![(ids[1], answer)]);
    assert!(matches!(early, Err(HostError::OutOfOrder(_))), "{early:?}");
    // And the worker runs on as before.
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(host.shared_data("counter").map(|(value, _)| value), Some(vec![1]));
}

/// A trap in one event ends that VM and nothing else.
#[test]
fn a_trap_in_one_event_leaves_the_others_to_run() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (if (i32.eq (i32.load (i32.const 4)) (i32.const 1)) (then unreachable))
      (call $note (i32.const 7))
      (i32.const 0))"#;
    for seed in 0..20 {
        let mut host = Host::start(&module(body), Config::new().workers(2)).expect("a guest that starts");
        let ids = [0, 1].map(|worker| host.stream(worker).expect("a worker").id());
        let path =
            |path| -> Event<'static> { Box::new(move |stream| stream.request_headers(get(path), true).map(drop)) };
        host.interleave(Schedule::seeded(seed), vec![(ids[0], path("/")), (ids[1], path("/ok"))]).expect("two events");
        let statuses = ids.map(|id| host.at(id).expect("a stream").seen().expect("an exchange").downstream.status());
        assert_eq!(statuses, [Some(503), None]);
        assert_eq!(host.logs().len(), 1);
    }
}
