//! What Envoy itself adds to messages, by name and with the reason. Cases are about the gate's work, and the other hosts have no
//! proxy that would add it.

use tapgate_cases::site::{Headers, Sent};

/// What it adds to a request that does not come with it.
const TO_REQUESTS: &[(&str, &str)] = &[
    ("x-forwarded-for", "who the client is to the proxy: `use_remote_address`"),
    ("x-forwarded-proto", "whether the client came over TLS"),
    ("x-request-id", "the proxy's number for the request, which audit lines have"),
    ("x-envoy-internal", "whether the client's address is a private one"),
    ("x-envoy-expected-rq-timeout-ms", "how long the route lets the application think"),
    ("x-envoy-external-address", "the client's address where it is a public one"),
    ("content-length", "on HTTP/1.1, that a request has no body, where its method would have one"),
];

/// What it adds to an answer, or takes the place of.
const TO_ANSWERS: &[(&str, &str)] = &[
    ("server", "the proxy's name, in place of the application's"),
    ("date", "when the application or the proxy answered"),
    ("content-length", "how long the body is; the other hosts leave it to their proxy"),
    ("transfer-encoding", "HTTP/1.1's way to a body without a length"),
    ("connection", "whether the proxy keeps the connection"),
    ("x-envoy-upstream-service-time", "how long the application thought"),
];

/// A request as it reached the application, without what is the proxy's.
pub(crate) fn without_in_request(seen: Headers, sent: &Sent) -> Headers {
    let own = |name: &str| {
        let has = sent.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        has || (name == "content-length" && sent.body.is_some())
    };
    without(seen, TO_REQUESTS, own)
}

/// An answer as it reached the client, likewise.
pub(crate) fn without_in_answer(seen: Headers) -> Headers {
    without(seen, TO_ANSWERS, |_| false)
}

fn without(headers: Headers, added: &[(&str, &str)], own: impl Fn(&str) -> bool) -> Headers {
    let is_added = |name: &str| added.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) && !own(name);
    headers.into_iter().filter(|(name, _)| !is_added(name)).collect()
}
