//! What a proxy itself adds to messages, by name and with the reason. Cases are about the gate's work, and the hosts without a
//! proxy have none that would add it.

use tapgate_cases::site::{Headers, Sent};

/// Names of headers, each with the reason why a proxy has it.
type Names = [(&'static str, &'static str)];

/// What a proxy adds.
#[derive(Clone, Copy)]
pub(crate) struct Added {
    /// To a request that does not come with it.
    pub(crate) to_requests: &'static Names,
    /// To an answer, or takes the place of.
    pub(crate) to_answers: &'static Names,
}

impl Added {
    /// A request as it reached the application, without what is the proxy's.
    pub(crate) fn off_request(self, seen: Headers, sent: &Sent) -> Headers {
        let own = |name: &str| {
            let has = sent.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            has || (name == "content-length" && sent.body.is_some())
        };
        without(seen, self.to_requests, own)
    }

    /// An answer as it reached the client, likewise.
    pub(crate) fn off_answer(self, seen: Headers) -> Headers {
        without(seen, self.to_answers, |_| false)
    }
}

fn without(headers: Headers, added: &Names, own: impl Fn(&str) -> bool) -> Headers {
    let is_added = |name: &str| added.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) && !own(name);
    headers.into_iter().filter(|(name, _)| !is_added(name)).collect()
}
