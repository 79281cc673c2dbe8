//! A scenario: a guest, how the proxy is set up, and what the peers do, in words that either host can carry out.

use crate::guest::Guest;

/// Names and values, in order.
pub(crate) type Fields = Vec<(String, String)>;

/// What happens to streams after a trap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    #[default]
    Closed,
    Reload,
    Open,
}

/// Something that a peer does.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// What follows concerns the stream of this number.
    On(usize),
    /// The client opens a stream.
    Request {
        fields: Fields,
        end: bool,
    },
    RequestBody {
        bytes: String,
        end: bool,
    },
    RequestTrailers(Fields),
    /// The client gives the stream up.
    Gone,
    /// The application answers.
    Answer {
        fields: Fields,
        end: bool,
    },
    AnswerBody {
        bytes: String,
        end: bool,
    },
    AnswerTrailers(Fields),
    /// The answer to the oldest HTTP call that has not ended, or to one further on.
    CallAnswer {
        which: usize,
        fields: Fields,
        body: String,
        trailers: Fields,
    },
    /// It breaks off after its headers.
    CallReset,
    /// It has nobody to go to.
    CallUnreachable,
    /// It runs into its own timeout.
    CallTimedOut,
    /// The timer goes off.
    Tick,
    /// Enough time goes by for a dead VM to be made anew.
    Backoff,
}

/// A scenario.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) guest: Guest,
    pub(crate) script: Vec<Event>,
    pub(crate) stop_iteration: bool,
    pub(crate) limit: usize,
    pub(crate) policy: Policy,
    pub(crate) workers: usize,
    pub(crate) configuration: String,
    pub(crate) granted: Option<Vec<&'static str>>,
    /// Whether lines of the start are compared too.
    pub(crate) start: bool,
    /// Metrics to look at in the end.
    pub(crate) metrics: Vec<&'static str>,
}

impl Scenario {
    pub(crate) fn new(guest: Guest) -> Self {
        Self {
            guest,
            script: Vec::new(),
            stop_iteration: false,
            limit: 1024 * 1024,
            policy: Policy::Closed,
            workers: 1,
            configuration: String::new(),
            granted: None,
            start: false,
            metrics: Vec::new(),
        }
    }

    /// `allow_on_headers_stop_iteration`.
    pub(crate) fn stop_iteration(self) -> Self {
        Self { stop_iteration: true, ..self }
    }

    /// How many bytes of a body may be held.
    pub(crate) fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub(crate) fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// With several workers only what they log at the start is compared, sorted.
    pub(crate) fn workers(self, workers: usize) -> Self {
        Self { workers, start: true, ..self }
    }

    pub(crate) fn configuration(self, text: &str) -> Self {
        Self { configuration: text.to_owned(), ..self }
    }

    /// Only these host calls are granted.
    pub(crate) fn grant_only(self, names: &[&'static str]) -> Self {
        Self { granted: Some(names.to_vec()), ..self }
    }

    pub(crate) fn with_its_start(self) -> Self {
        Self { start: true, ..self }
    }

    pub(crate) fn metrics(self, names: &[&'static str]) -> Self {
        Self { metrics: names.to_vec(), ..self }
    }

    /// What the peers do.
    pub(crate) fn script<const N: usize>(self, events: [Event; N]) -> Self {
        Self { script: events.into(), ..self }
    }
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn fields(pairs: Pairs<'_>) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn request(method: &str, headers: Pairs<'_>, end: bool) -> Event {
    let head = [(":method", method), (":scheme", "http"), (":authority", "example.com"), (":path", "/")];
    Event::Request { fields: fields(&[&head, headers].concat()), end }
}

/// The stream of this number is meant from here on.
pub(crate) fn on(stream: usize) -> Event {
    Event::On(stream)
}

/// A GET, which ends with its headers.
pub(crate) fn get(headers: Pairs<'_>) -> Event {
    request("GET", headers, true)
}

/// A request of another method that ends with its headers.
pub(crate) fn only_headers(method: &str, headers: Pairs<'_>) -> Event {
    request(method, headers, true)
}

/// A POST whose body follows.
pub(crate) fn post(headers: Pairs<'_>) -> Event {
    request("POST", headers, false)
}

/// A part of its body.
pub(crate) fn part(bytes: &str) -> Event {
    Event::RequestBody { bytes: bytes.to_owned(), end: false }
}

/// The last part of it.
pub(crate) fn last(bytes: &str) -> Event {
    Event::RequestBody { bytes: bytes.to_owned(), end: true }
}

/// Its trailers, which end it.
pub(crate) fn trailers(pairs: Pairs<'_>) -> Event {
    Event::RequestTrailers(fields(pairs))
}

/// The application answers, and a body follows.
pub(crate) fn answer(status: &str, headers: Pairs<'_>) -> Event {
    Event::Answer { fields: fields(&[&[(":status", status)], headers].concat()), end: false }
}

/// The application answers without a body.
pub(crate) fn empty_answer(status: &str, headers: Pairs<'_>) -> Event {
    Event::Answer { fields: fields(&[&[(":status", status)], headers].concat()), end: true }
}

pub(crate) fn answer_part(bytes: &str) -> Event {
    Event::AnswerBody { bytes: bytes.to_owned(), end: false }
}

pub(crate) fn answer_last(bytes: &str) -> Event {
    Event::AnswerBody { bytes: bytes.to_owned(), end: true }
}

pub(crate) fn answer_trailers(pairs: Pairs<'_>) -> Event {
    Event::AnswerTrailers(fields(pairs))
}

/// The oldest open call is answered.
pub(crate) fn call_answer(status: &str, body: &str) -> Event {
    nth_call_answer(0, status, body)
}

/// Of the open calls the one with so many before it is answered.
pub(crate) fn nth_call_answer(which: usize, status: &str, body: &str) -> Event {
    full_call_answer(which, &[(":status", status)], body, &[])
}

pub(crate) fn full_call_answer(which: usize, headers: Pairs<'_>, body: &str, trailers: Pairs<'_>) -> Event {
    Event::CallAnswer { which, fields: fields(headers), body: body.to_owned(), trailers: fields(trailers) }
}
