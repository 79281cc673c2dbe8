//! What was seen, as text: one line for each thing that the guest logged, each request that the application got, and each
//! answer that a client got. Equal texts are equal behaviour.

use std::fmt::Write;

use crate::scenario::Fields;

/// What proxies add to a message on their own account, or what this suite's peers need for themselves.
const NOT_COMPARED: &[&str] = &[
    "date",
    "x-forwarded-proto",
    "x-envoy-internal",
    "x-envoy-expected-rq-timeout-ms",
    ":scheme",
    ":authority",
    ":method",
    ":path",
    ":status",
];

/// What is seen of a guest that does not start.
pub(crate) const REFUSED: &str = "REFUSED";

/// What is seen of a proxy that a guest has taken down.
pub(crate) const DIED: &str = "THE PROXY DIED";

/// How much of a body is shown.
const SHOWN: usize = 80;

/// How far a message has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Open,
    Complete,
    Cut,
}

/// A message as its receiver has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) headers: Option<Fields>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Fields,
    pub(crate) end: End,
}

impl Message {
    fn show(&self) -> String {
        let mut line = String::new();
        if let Some(headers) = &self.headers {
            for head in [":method", ":path", ":status"] {
                if let Some((_, value)) = headers.iter().find(|(name, _)| name == head) {
                    write!(line, " {value}").expect("a string takes all");
                }
            }
            let mut rest: Vec<_> = headers.iter().filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str())).collect();
            // Equal names keep their order, which means something.
            rest.sort_by_key(|(name, _)| name.clone());
            for (name, value) in rest {
                write!(line, " {name}={value}").expect("a string takes all");
            }
        } else {
            line.push_str(" nothing");
        }
        if !self.body.is_empty() {
            let text = String::from_utf8_lossy(&self.body);
            if text.len() > SHOWN {
                write!(line, " <{} bytes>", text.len()).expect("a string takes all");
            } else {
                write!(line, " `{text}`").expect("a string takes all");
            }
        }
        for (name, value) in &self.trailers {
            write!(line, " then {name}={value}").expect("a string takes all");
        }
        line.push_str(match self.end {
            End::Open => " ...",
            End::Complete => "",
            End::Cut => " CUT",
        });
        line
    }
}

/// All that was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) guest: Vec<String>,
    pub(crate) called: Vec<Message>,
    pub(crate) application: Vec<Message>,
    pub(crate) client: Vec<Message>,
    pub(crate) metrics: Vec<(String, String)>,
}

impl Seen {
    /// As text, a line each.
    pub(crate) fn show(&self) -> String {
        let mut lines: Vec<_> = self.guest.clone();
        lines.extend(self.called.iter().map(|message| format!("called:{}", message.show())));
        lines.extend(self.application.iter().map(|message| format!("application:{}", message.show())));
        lines.extend(self.client.iter().map(|message| format!("client:{}", message.show())));
        lines.extend(self.metrics.iter().map(|(name, value)| format!("metric: {name} = {value}")));
        lines.join("\n")
    }
}
