//! Embedding: workers on threads of their own, over a platform that is the embedder's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tapgate_host::{
    CallAnswer, CallReport, Clock, Config, Host, HostError, Lane, LogLine, Module, Platform, SetError, Trap,
    Unavailable, WorkerState,
};

use crate::guest::{get, module, ok};

/// A value and its version.
type Versioned = (Vec<u8>, u32);

/// An embedder's platform: a map, a clock that stands still, randomness that is all ones.
#[derive(Default)]
struct Ground {
    data: Mutex<BTreeMap<Vec<u8>, Versioned>>,
    log: Mutex<Vec<LogLine>>,
    spent: AtomicUsize,
    broken: AtomicBool,
    /// Whose ticks pass while a value is written: far more than any deadline.
    slow: Mutex<Option<Module>>,
}

impl Ground {
    fn available(&self) -> Result<(), Unavailable> {
        if self.broken.load(Ordering::Relaxed) { Err(Unavailable) } else { Ok(()) }
    }

    fn said(&self) -> Vec<String> {
        self.log.lock().expect("a log").drain(..).map(|line| line.text).collect()
    }
}

impl Platform for Ground {
    fn clock(&self) -> Clock {
        Clock { wall: Duration::from_secs(7), monotonic: Duration::ZERO }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        self.available()?;
        bytes.fill(1);
        Ok(())
    }

    fn log(&self, line: LogLine) {
        self.log.lock().expect("a log").push(line);
    }

    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unavailable> {
        self.available()?;
        Ok(self.data.lock().expect("data").get(key).cloned())
    }

    fn set(&self, key: &[u8], value: &[u8], version: u32) -> Result<(), SetError> {
        self.available().map_err(|Unavailable| SetError::Unavailable)?;
        if let Some(module) = &*self.slow.lock().expect("a module") {
            (0..100).for_each(|_| module.tick());
        }
        let mut data = self.data.lock().expect("data");
        let there = data.get(key).map(|(_, version)| *version);
        if version != 0 && there.is_some_and(|there| there != version) {
            return Err(SetError::Mismatch);
        }
        data.insert(key.to_vec(), (value.to_vec(), there.unwrap_or(0).wrapping_add(1)));
        Ok(())
    }

    fn spent(&self, _: CallReport) {
        self.spent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts requests in shared data, with versions, until it has counted.
const COUNTING: &str = r#"
(data (i32.const 1024) "counter")
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (loop $again
    (i32.store (i32.const 8) (i32.const -1))
    (i32.store8 (i32.const 1048) (i32.const 1))
    (if (i32.eqz (call $get_shared (i32.const 1024) (i32.const 7) (i32.const 0) (i32.const 4) (i32.const 8)))
      (then (i32.store8 (i32.const 1048) (i32.add (i32.const 1) (i32.load8_u (i32.load (i32.const 0)))))))
    (br_if $again (call $set_shared
      (i32.const 1024) (i32.const 7) (i32.const 1048) (i32.const 1) (i32.load (i32.const 8)))))
  (i32.const 0))"#;

fn lanes(ground: &Arc<Ground>, body: &str, workers: usize) -> (Host, Vec<Lane>) {
    let ground: Arc<dyn Platform> = Arc::<Ground>::clone(ground);
    let mut host = Host::start_on(ground, &module(body), Config::new().workers(workers)).expect("a guest that starts");
    let lanes = host.take_lanes();
    (host, lanes)
}

#[test]
fn workers_on_threads_of_their_own_share_the_platforms_data() {
    let ground = Arc::new(Ground::default());
    let (mut host, lanes) = lanes(&ground, COUNTING, 4);
    assert_eq!(host.stream(0).err(), Some(HostError::NoWorker(0)), "they are given away");
    thread::scope(|scope| {
        for mut lane in lanes {
            scope.spawn(move || {
                for _ in 0..25 {
                    lane.stream().expect("a stream").request_headers(get("/"), true).expect("a request");
                }
            });
        }
    });
    assert_eq!(ground.get(b"counter"), Ok(Some((vec![100], 100))));
    assert!(ground.spent.load(Ordering::Relaxed) >= 100);
    assert!(host.reports().is_empty() && host.logs().is_empty(), "nothing is kept twice");
    // New workers go on over the same data.
    host.update(Config::new()).expect("a configuration that is taken");
    let mut lane = host.take_lanes().pop().expect("a worker");
    lane.stream().expect("a stream").request_headers(get("/"), true).expect("a request");
    assert_eq!(ground.get(b"counter"), Ok(Some((vec![101], 101))));
}

/// What a guest waits for is not its own time; but waiting for ever is no way to live for ever.
#[test]
fn the_deadline_is_the_guests_own_time() {
    let body = r#"
    (data (i32.const 1024) "k")
    (func $keep (drop (call $set_shared
      (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 0))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $keep) (call $keep) (i32.const 0))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (loop $on (call $keep) (br $on)) (i32.const 0))"#;
    let module = Module::compile_unmetered(&crate::guest::guest_bytes(body)).expect("a module that compiles");
    let ground = Arc::new(Ground::default());
    *ground.slow.lock().expect("a module") = Some(module.clone());
    let platform: Arc<dyn Platform> = Arc::<Ground>::clone(&ground);
    let mut host = Host::start_on(platform, &module, Config::new().deadline(3)).expect("a guest that starts");
    let mut lanes = host.take_lanes();
    let lane = lanes.first_mut().expect("a worker");
    let id = lane.stream().expect("a stream").id();
    lane.at(id).expect("a stream").request_headers(get("/"), false).expect("a request");
    assert_eq!(*lane.state(), WorkerState::Running);
    lane.at(id).expect("a stream").request_body("x", true).expect("a part");
    assert!(matches!(lane.state(), WorkerState::Failed(failure) if failure.trap == Trap::OutOfTime));
}

#[test]
fn the_platforms_clock_randomness_and_failures_reach_the_guest() {
    let body = r#"
    (data (i32.const 1024) "k")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $note (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 0)))
      (call $note (call $get_shared (i32.const 1024) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)))
      (call $note (call $random (i32.const 16) (i32.const 1)))
      (call $note (i32.load8_u (i32.const 16)))
      (drop (call $time (i32.const 24)))
      (call $note (i32.wrap_i64 (i64.div_u (i64.load (i32.const 24)) (i64.const 1000000000))))
      (i32.const 0))"#;
    let ground = Arc::new(Ground::default());
    let (_host, mut lanes) = lanes(&ground, body, 1);
    let lane = lanes.first_mut().expect("a worker");
    lane.stream().expect("a stream").request_headers(get("/"), true).expect("a request");
    assert_eq!(ground.said(), ["00", "00", "00", "01", "07"]);
    ground.broken.store(true, Ordering::Relaxed);
    lane.stream().expect("a stream").request_headers(get("/"), true).expect("a request");
    assert_eq!(ground.said(), ["10", "10", "29", "01", "07"]);
}

/// An embedder passes on what goes on, as it comes, and nothing twice.
#[test]
fn news_are_told_once() {
    let body = r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.eqz (local.get 2)))"#;
    let ground = Arc::new(Ground::default());
    let (_host, mut lanes) = lanes(&ground, body, 1);
    let mut stream = lanes.first_mut().expect("a worker").stream().expect("a stream");
    stream.request_headers(get("/"), false).expect("a request");
    let news = stream.take_upstream().expect("a stream");
    assert!(news.headers.is_some() && !news.complete);
    stream.request_body("held ", false).expect("a part");
    let news = stream.take_upstream().expect("a stream");
    assert_eq!((news.headers, news.body.as_slice()), (None, &b""[..]));
    stream.request_body("back", true).expect("the rest");
    let news = stream.take_upstream().expect("a stream");
    assert_eq!((news.headers, news.body.as_slice(), news.complete), (None, &b"held back"[..], true));
    stream.response_headers(ok(), false).expect("an answer");
    stream.response_body("yes", true).expect("its body");
    let news = stream.take_downstream().expect("a stream");
    assert_eq!((news.headers.is_some(), news.body.as_slice(), news.complete), (true, &b"yes"[..], true));
    assert_eq!(stream.take_downstream().map(|news| news.body), Ok(Vec::new()));
}

/// Calls a cluster and waits; goes on with the number of the answer's headers in the log.
const ASKING: &str = r#"
(data (i32.const 1024) "auth")
(data (i32.const 1100) "\03\00\00\00\07\00\00\00\04\00\00\00\05\00\00\00\02\00\00\00\0a\00\00\00\01\00\00\00:method\00POST\00:path\00/a\00:authority\00a\00")
(func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $tick (i32.const 20))) (i32.const 1))
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (drop (call $call (i32.const 1024) (i32.const 4) (i32.const 1100) (i32.const 63) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)))
  (i32.const 1))
(func (export "proxy_on_http_call_response") (param $root i32) (param i32) (param $headers i32) (param i32 i32)
  (call $note (local.get $headers))
  (drop (call $effective (i32.const 2)))
  (drop (call $continue (i32.const 0))))
(func (export "proxy_on_tick") (param i32) unreachable)"#;

/// An old worker and a new one of the same place wait each for its own calls, and the old one's end is not the new one's.
#[test]
fn calls_are_answered_where_they_were_made() {
    let ground = Arc::new(Ground::default());
    let platform: Arc<dyn Platform> = Arc::<Ground>::clone(&ground);
    let config = || Config::new().cluster("auth");
    let mut host = Host::start_on(platform, &module(ASKING), config()).expect("a guest that starts");
    let mut before = host.take_lanes().pop().expect("a worker");
    host.update(config()).expect("a configuration that is taken");
    let mut after = host.take_lanes().pop().expect("a worker");
    assert_eq!(after.tick_period(), Some(Duration::from_millis(20)));
    let ids = [&mut before, &mut after].map(|lane| {
        let mut stream = lane.stream().expect("a stream");
        stream.request_headers(get("/"), true).expect("a request");
        stream.id()
    });
    let call = |lane: &Lane| lane.calls().first().expect("a call").id;
    let (old, new) = (call(&before), call(&after));
    assert_eq!((before.calls().len(), after.calls().len(), host.calls().len()), (1, 1, 2));
    assert_eq!(after.answer(old, CallAnswer::response(200, "")), Err(HostError::NoCall), "it is not its own");
    assert_eq!(host.answer(old, CallAnswer::response(200, "")), Err(HostError::NoCall), "its worker is given away");
    before.tick();
    assert!(matches!(before.state(), WorkerState::Failed(_)));
    assert!(before.calls().is_empty());
    after.answer(new, CallAnswer::response(200, "")).expect("an open call");
    assert_eq!(ground.said(), ["01"]);
    let upstream = after.at(ids[1]).expect("a stream").take_upstream().expect("a stream");
    assert!(upstream.complete);
    assert_eq!(after.answer(new, CallAnswer::Reset), Err(HostError::NoCall));
}

/// A stream is found on its own worker, and as long as it is open.
#[test]
fn a_worker_knows_its_own_streams() {
    let ground = Arc::new(Ground::default());
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (call $note (call $effective (i32.const 77))) (i32.const 0))"#;
    let (host, mut lanes) = lanes(&ground, body, 2);
    let id = lanes[0].stream().expect("a stream").request_headers(get("/"), true).expect("a request").id();
    lanes[1].stream().expect("a stream");
    assert_eq!(lanes[1].at(id).err(), Some(HostError::NoWorker(0)));
    lanes[0].at(id).expect("a stream").close().expect("an end");
    assert_eq!(lanes[0].at(id).err(), Some(HostError::NoStream));
    assert_eq!((ground.said(), host.misuses()), (vec!["02".to_owned()], vec![]), "no list that only grows");
}

/// Hosts, workers and modules go to other threads; a module is there for all of them at once.
#[test]
fn what_an_embedder_holds_goes_to_other_threads() {
    const fn sends<T: Send>() {}
    const fn shares<T: Send + Sync>() {}
    sends::<Host>();
    sends::<Lane>();
    shares::<Module>();
    shares::<Config>();
}
