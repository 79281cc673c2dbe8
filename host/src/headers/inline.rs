//! Headers that Envoy holds at most one of: a second value is joined to the first with a comma, whoever adds it.

use super::Headers;

/// Which list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inline {
    Request,
    Response,
    RequestTrailers,
    ResponseTrailers,
}

const REQUEST: &[&str] = &[
    ":authority",
    ":method",
    ":path",
    ":protocol",
    ":scheme",
    "accept",
    "accept-encoding",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-connection",
    "proxy-status",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-attempt-count",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-envoy-original-path",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

const RESPONSE: &[&str] = &[
    ":status",
    "access-control-allow-origin",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "proxy-status",
    "server",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-envoy-attempt-count",
    "x-request-id",
];

const RESPONSE_TRAILERS: &[&str] = &["grpc-message", "grpc-status"];

impl Inline {
    /// The name under which a header is held. `host` is another word for `:authority`.
    pub(crate) fn canonical(self, name: &[u8]) -> Vec<u8> {
        let name = name.to_ascii_lowercase();
        if self == Self::Request && name == b"host" { b":authority".to_vec() } else { name }
    }

    fn holds_one(self, name: &[u8]) -> bool {
        let list = match self {
            Self::Request => REQUEST,
            Self::Response => RESPONSE,
            Self::RequestTrailers => &[],
            Self::ResponseTrailers => RESPONSE_TRAILERS,
        };
        list.iter().any(|known| known.as_bytes() == name)
    }
}

impl Headers {
    /// Adds a header beside what is there, or to it.
    pub(crate) fn join(&mut self, inline: Inline, name: &[u8], value: &[u8]) {
        let name = inline.canonical(name);
        match self.0.iter_mut().find(|(own, _)| *own == name && inline.holds_one(own)) {
            Some((_, there)) if there.is_empty() => *there = value.to_vec(),
            Some((_, there)) => *there = [there.as_slice(), b",", value].concat(),
            None => self.add(&name, value),
        }
    }

    /// The same map as it is held.
    pub(crate) fn combined(self, inline: Inline) -> Self {
        let mut combined = Self::new();
        for (name, value) in self.0 {
            combined.join(inline, &name, &value);
        }
        combined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_once_is_joined_and_the_rest_stays_apart() {
        let given = Headers::new().with("Authorization", "a").with("x", "1").with("authorization", "b").with("x", "2");
        let held = given.clone().combined(Inline::Request);
        assert_eq!(held, Headers::new().with("authorization", "a,b").with("x", "1").with("x", "2"));
        assert_eq!(given.clone().combined(Inline::ResponseTrailers), given);
        let host = Headers::new().with(":authority", "").with("host", "b").combined(Inline::Request);
        assert_eq!(host, Headers::new().with(":authority", "b"));
    }
}
