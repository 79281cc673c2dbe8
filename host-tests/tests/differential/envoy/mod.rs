//! Plays a scenario in a real Envoy of its own.

mod bootstrap;
mod peer;

use std::time::Duration;

use tapgate_host_tests::envoy::{Bootstrap, Envoy, Setup};

use crate::scenario::{Event, Scenario};
use crate::seen::{DIED, REFUSED, Seen};
use bootstrap::Ports;
use peer::{Client, Server, wait};

/// How Envoy marks what a guest logs: the plugin's name follows, unless the root context speaks, and the VM's.
const MARK: &str = "wasm log ";
const VM: &str = "vm: ";

/// Plays it.
pub(crate) async fn play(scenario: &Scenario) -> Seen {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = folder.path().join("guest.wasm");
    std::fs::write(&module, scenario.guest.bytes()).expect("the guest can be written");
    let (application, calls) = (Server::start().await, Server::start().await);
    // A port that was free a moment ago and that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let ports = Ports { application: application.port(), calls: calls.port(), dead: free };
    let bootstrap = Bootstrap::of(bootstrap::bootstrap(scenario, &module, &ports));
    let workers = u32::try_from(scenario.workers).expect("a few workers");
    let envoy = match Envoy::start(&Setup::of(bootstrap, workers)).await {
        Ok(envoy) => envoy,
        Err(refused) if refused.log.text().contains("Unable to create Wasm") => {
            return Seen { guest: vec![REFUSED.to_owned()], ..Seen::default() };
        }
        Err(refused) => panic!("{refused}"),
    };
    let client = Client::open(envoy.address()).await;
    let start = if scenario.start { 0 } else { lines(&envoy).len() };
    let mut player = Player { envoy, client, application, calls, stream: 0, asked: Vec::new(), died: false };
    for event in &scenario.script {
        player.event(event).await;
        player.settle().await;
        if player.died {
            break;
        }
    }
    player.seen(scenario, start).await
}

struct Player {
    envoy: Envoy,
    client: Client,
    application: Server,
    calls: Server,
    stream: usize,
    /// Of each stream, which request of the application's it has become.
    asked: Vec<Option<usize>>,
    /// Whether the whole proxy is gone.
    died: bool,
}

impl Player {
    async fn event(&mut self, event: &Event) {
        match event {
            Event::On(stream) => self.stream = *stream,
            Event::Request { fields, end } => {
                self.client.request(fields, *end);
                self.stream = self.client.count() - 1;
                self.asked.push(None);
            }
            Event::RequestBody { bytes, end } => self.client.body(self.stream, bytes, *end),
            Event::RequestTrailers(fields) => self.client.trailers(self.stream, fields),
            Event::Gone => self.client.give_up(self.stream),
            Event::Answer { .. } | Event::AnswerBody { .. } | Event::AnswerTrailers(_) => self.answer(event),
            Event::CallAnswer { which, fields, body, trailers } => {
                let at = self.call(*which);
                let (has_body, has_trailers) = (!body.is_empty(), !trailers.is_empty());
                self.calls.answer(at, fields, !has_body && !has_trailers);
                if has_body {
                    self.calls.body(at, body, !has_trailers);
                }
                if has_trailers {
                    self.calls.trailers(at, trailers);
                }
            }
            Event::CallReset => {
                let at = self.call(0);
                self.calls.answer(at, &vec![(":status".to_owned(), "200".to_owned())], false);
                self.settle().await;
                self.calls.reset(at);
            }
            Event::CallUnreachable | Event::CallTimedOut => self.wait_for("call_response").await,
            Event::Tick => self.wait_for("tick").await,
            Event::Backoff => tokio::time::sleep(Duration::from_secs(3)).await,
        }
    }

    /// Nothing comes of an answer to a request that the application has not seen.
    fn answer(&self, event: &Event) {
        let Some(at) = self.asked[self.stream] else { return };
        match event {
            Event::Answer { fields, end } => self.application.answer(at, fields, *end),
            Event::AnswerBody { bytes, end } => self.application.body(at, bytes, *end),
            Event::AnswerTrailers(fields) => self.application.trailers(at, fields),
            _ => panic!("no answer: {event:?}"),
        }
    }

    fn call(&self, which: usize) -> usize {
        *self.calls.unanswered().get(which).expect("an open call")
    }

    /// Waits for a callback that no peer of ours can know of.
    async fn wait_for(&self, callback: &str) {
        wait(callback, async {
            while !lines(&self.envoy).iter().any(|line| line.starts_with(callback)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Returns once Envoy has dealt with all that was sent to it, and the peers with what it sent them.
    async fn settle(&mut self) {
        for _ in 0..2 {
            if !self.client.ping().await {
                self.died = true;
                return;
            }
            for (name, server) in [("application", &self.application), ("calls", &self.calls)] {
                server.ping(self.envoy.stat(&format!("cluster.{name}.upstream_cx_total")).await).await;
            }
        }
        self.died = !self.client.ping().await;
        let known = self.asked.iter().flatten().count();
        if let Some(asked) = self.asked.get_mut(self.stream)
            && asked.is_none()
            && self.application.messages().len() > known
        {
            *asked = Some(known);
        }
    }

    async fn seen(mut self, scenario: &Scenario, start: usize) -> Seen {
        let client: Vec<_> = (0..self.client.count()).map(|stream| self.client.message(stream)).collect();
        let application = self.application.messages();
        for stream in 0..self.client.count() {
            if !self.died {
                self.client.give_up(stream);
                self.settle().await;
            }
        }
        let mut metrics = Vec::new();
        for name in &scenario.metrics {
            let value = self.envoy.stats(&format!("^wasmcustom.{name}$")).await.into_values().next();
            metrics.push(((*name).to_owned(), value.map_or_else(|| "none".to_owned(), |value| value.to_string())));
        }
        let called = self.calls.messages();
        let mut guest = lines(&self.envoy).split_off(start);
        if scenario.workers > 1 {
            guest.sort();
        }
        if self.died {
            // How much of an answer still left it is a matter of luck.
            guest.push(DIED.to_owned());
            return Seen { guest, called, application, ..Seen::default() };
        }
        Seen { guest, called, application, client, metrics }
    }
}

/// What guests have logged on workers, in order. The main thread has VMs too: the one that tries a configuration, and one
/// that never sees a stream.
fn lines(envoy: &Envoy) -> Vec<String> {
    let main = format!("[{}]", envoy.process());
    let log = envoy.log();
    let elsewhere = |line: &&str| line.split_once(']').is_some_and(|(_, rest)| !rest.starts_with(&main));
    let said = log.text().lines().filter(elsewhere).filter_map(|line| line.split_once(MARK)?.1.split_once(VM));
    said.map(|(_, text)| text.to_owned()).collect()
}
