//! Plays a scenario in the host of this project. It stands where Envoy's codecs do: it hands over what they would, and
//! ends a stream when they would.

use tapgate_host::{CallAnswer, Config, Exchange, FailurePolicy, Headers, Host, HostError, Module, StreamId, VmName};

use crate::scenario::{Event, Fields, Policy, Scenario};
use crate::seen::{End, Message, REFUSED, Seen};

/// Plays it.
pub(crate) fn play(scenario: &Scenario) -> Seen {
    let module = Module::compile(&scenario.guest.bytes()).expect("a module that compiles");
    let mut player = Player {
        host: match Host::start(&module, config(scenario)) {
            Ok(host) => host,
            Err(HostError::Rejected | HostError::Canary(_)) => {
                return Seen { guest: vec![REFUSED.to_owned()], ..Seen::default() };
            }
            Err(other) => panic!("{other}"),
        },
        streams: Vec::new(),
        at: 0,
        called: Vec::new(),
    };
    let start = player.host.logs().len();
    for event in &scenario.script {
        player.event(event);
        player.end_streams();
    }
    let messages: Vec<_> = (0..player.streams.len()).map(|at| player.seen(at)).collect();
    player.give_up_the_rest();
    let logs = player.host.logs();
    let skipped = if scenario.start { 0 } else { start };
    let mut guest: Vec<_> =
        logs[skipped..].iter().filter(|line| line.vm != VmName::Canary).map(|line| line.text.clone()).collect();
    if scenario.workers > 1 {
        guest.sort();
    }
    Seen {
        guest,
        called: player.called,
        application: messages.iter().map(|seen| message(&seen.upstream)).filter(|one| one.headers.is_some()).collect(),
        client: messages.iter().map(|seen| message(&seen.downstream)).collect(),
        metrics: scenario.metrics.iter().map(|name| ((*name).to_owned(), metric(&player.host, name))).collect(),
    }
}

fn config(scenario: &Scenario) -> Config {
    let mut config = Config::new()
        .workers(scenario.workers)
        .headers_stop_iteration(scenario.stop_iteration)
        .buffer_limit(scenario.limit)
        .configuration(scenario.configuration.as_str())
        .failure_policy(match scenario.policy {
            Policy::Closed => FailurePolicy::Closed,
            Policy::Reload => FailurePolicy::Reload,
            Policy::Open => FailurePolicy::Open,
        });
    for cluster in ["calls", "dead", "empty"] {
        config = config.cluster(cluster);
    }
    for (name, value) in [("plugin_name", "guest"), ("plugin_vm_id", "vm"), ("plugin_root_id", "")] {
        config = config.property(&[name], value);
    }
    match &scenario.granted {
        Some(names) => config.grant_only(names.iter().copied()),
        None => config,
    }
}

struct Player {
    host: Host,
    streams: Vec<Stream>,
    at: usize,
    called: Vec<Message>,
}

enum Stream {
    Open(StreamId),
    Closed(Box<Exchange>),
}

impl Player {
    fn event(&mut self, event: &Event) {
        self.host.set_healthy("empty", false);
        match event {
            Event::On(at) => self.at = *at,
            Event::Request { fields, end } => {
                let mut stream = self.host.stream(0).expect("a worker");
                self.streams.push(Stream::Open(stream.id()));
                self.at = self.streams.len() - 1;
                let headers = headers(fields).with("x-forwarded-proto", "http");
                stream.request_headers(headers, *end).expect("a request");
            }
            Event::RequestBody { bytes, end } => {
                self.with(|host, id| {
                    host.at(id).expect("a stream").request_body(bytes, *end).expect("a body");
                });
            }
            Event::RequestTrailers(fields) => self.with(|host, id| {
                host.at(id).expect("a stream").request_trailers(headers(fields)).expect("trailers");
            }),
            Event::Gone => self.gone(),
            Event::Answer { fields, end } => self.with(|host, id| {
                let mut stream = host.at(id).expect("a stream");
                if stream.seen().expect("a stream").upstream.headers.is_some() {
                    stream.response_headers(headers(fields), *end).expect("an answer");
                }
            }),
            Event::AnswerBody { bytes, end } => {
                self.with(|host, id| {
                    host.at(id).expect("a stream").response_body(bytes, *end).expect("a body");
                });
            }
            Event::AnswerTrailers(fields) => self.with(|host, id| {
                host.at(id).expect("a stream").response_trailers(headers(fields)).expect("trailers");
            }),
            Event::CallAnswer { which, fields, body, trailers } => self.end_call(
                *which,
                CallAnswer::Response {
                    // Envoy's own client adds how long it took.
                    headers: headers(fields).with("x-envoy-upstream-service-time", "0"),
                    body: body.as_bytes().to_vec(),
                    trailers: headers(trailers),
                },
            ),
            Event::CallReset => self.end_call(0, CallAnswer::Reset),
            Event::CallUnreachable => self.end_call(0, CallAnswer::Unreachable),
            Event::CallTimedOut => self.end_call(0, CallAnswer::TimedOut),
            Event::Tick => self.host.tick(0).expect("a worker"),
            Event::Backoff => self.host.advance(std::time::Duration::from_secs(2)),
        }
    }

    /// Does something to the stream that is meant, unless it has ended: no peer could then.
    fn with(&mut self, act: impl FnOnce(&mut Host, StreamId)) {
        if let Some(Stream::Open(id)) = self.streams.get(self.at) {
            act(&mut self.host, *id);
        }
    }

    fn end_call(&mut self, which: usize, answer: CallAnswer) {
        let call = self.host.calls().get(which).expect("an open call").clone();
        if call.cluster == "calls" {
            self.called.push(Message {
                headers: Some(fields(&call.headers)),
                body: call.body.clone(),
                end: End::Complete,
                ..Message::default()
            });
        }
        self.host.answer(call.id, answer).expect("an open call");
    }

    /// A proxy ends a stream when its answer has ended or it was cut.
    fn end_streams(&mut self) {
        for at in 0..self.streams.len() {
            let seen = self.seen(at);
            if seen.downstream.complete || seen.downstream.aborted {
                self.close(at);
            }
        }
    }

    fn seen(&mut self, at: usize) -> Exchange {
        match &self.streams[at] {
            Stream::Open(id) => self.host.at(*id).expect("a stream").seen().expect("a stream"),
            Stream::Closed(seen) => (**seen).clone(),
        }
    }

    fn close(&mut self, at: usize) {
        if let Stream::Open(id) = self.streams[at] {
            let seen = self.host.at(id).expect("a stream").close().expect("a stream");
            self.streams[at] = Stream::Closed(Box::new(seen));
        }
    }

    /// The client gives up: what it has is all that it gets.
    fn gone(&mut self) {
        self.close(self.at);
        if let Some(Stream::Closed(seen)) = self.streams.get_mut(self.at) {
            seen.downstream.aborted = !seen.downstream.complete;
        }
    }

    fn give_up_the_rest(&mut self) {
        for at in 0..self.streams.len() {
            self.close(at);
        }
        for call in self.host.calls() {
            if call.cluster == "calls" {
                self.called.push(Message {
                    headers: Some(fields(&call.headers)),
                    body: call.body,
                    end: End::Complete,
                    ..Message::default()
                });
            }
        }
    }
}

fn headers(fields: &Fields) -> Headers {
    fields.iter().map(|(name, value)| (name, value)).collect()
}

fn fields(headers: &Headers) -> Fields {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn message(message: &tapgate_host::Message) -> Message {
    Message {
        headers: message.headers.as_ref().map(fields),
        body: message.body.clone(),
        trailers: message.trailers.as_ref().map(fields).unwrap_or_default(),
        end: match (message.complete, message.aborted) {
            (true, _) => End::Complete,
            (_, true) => End::Cut,
            _ => End::Open,
        },
    }
}

fn metric(host: &Host, name: &str) -> String {
    match host.metric(name) {
        None => "none".to_owned(),
        Some(tapgate_host::Metric::Counter(value) | tapgate_host::Metric::Gauge(value)) => value.to_string(),
        Some(tapgate_host::Metric::Histogram(histogram)) => format!("{histogram:?}"),
    }
}
