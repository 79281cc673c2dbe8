//! What a host of cases has to do: load a policy, tell the time, carry a request through the gate and say what came of it.
//!
//! A host that starts a proxy, one that runs the module in an engine of its own and one that calls the rules directly all
//! implement [`Host`] and [`Site`]; [`crate::run`] knows nothing else of them.

use std::collections::BTreeMap;

/// Header fields in order, names in lower case, pseudo-headers left out unless said otherwise.
pub type Headers = Vec<(String, String)>;

/// The names of hosts that a case may be left out on. Natively every case can be played.
pub const HOSTS: [&str; 3] = ["wasmtime", "envoy", "serve"];

/// Somewhere a gate runs.
pub trait Host {
    /// What a case calls it in `notOn`: one of [`HOSTS`].
    fn name(&self) -> &'static str;

    /// Starts a site for one case.
    ///
    /// # Errors
    /// [`Trouble`] if it does not start, or does not take the policy.
    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble>;
}

/// A gate in front of an application, for one case.
pub trait Site {
    /// Loads another policy, as a running proxy does: sessions and ledger stay.
    ///
    /// # Errors
    /// [`Trouble`] if it is not taken.
    fn load(&mut self, policy: &str) -> Result<(), Trouble>;

    /// Sets the clock, in seconds since 1970. It never goes back.
    ///
    /// # Errors
    /// [`Trouble`] if it cannot be set.
    fn set_clock(&mut self, now: u64) -> Result<(), Trouble>;

    /// Restarts the gate with the policy last loaded: a ledger in its memory is lost and born anew.
    ///
    /// # Errors
    /// [`Trouble`] if it does not start again.
    fn restart(&mut self) -> Result<(), Trouble>;

    /// Carries a request through the gate, and the application's answer back. `application` is asked with the headers
    /// that reach it, pseudo-headers included, and only if the request reaches it.
    ///
    /// # Errors
    /// [`Trouble`] if that does not work; a refusal is no trouble.
    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble>;

    /// The same site once more, to try something on that must not have happened; `None` where there can be only one.
    fn fork(&self) -> Option<Box<dyn Site>> {
        None
    }
}

/// The application behind the gate. Whether the proxy answers in its place does not depend on what it is asked: a host whose
/// proxy has to know beforehand may ask it with no headers, for that alone.
pub type Application<'a> = &'a (dyn Fn(&Headers) -> Answered + Send + Sync);

/// What a site is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The policy, as JSON.
    pub policy: String,
    /// The environment variables that it takes its keys from.
    pub environment: BTreeMap<String, String>,
    /// When the ledger is born, in seconds since 1970.
    pub born: u64,
    /// The time then, likewise: not before `born`.
    pub now: u64,
}

/// A request as a browser sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// `:method`.
    pub method: String,
    /// `:path`; empty with `CONNECT`.
    pub path: String,
    /// `:authority`.
    pub authority: String,
    /// All other headers.
    pub headers: Headers,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// What the application answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// Whether the proxy answers in its place.
    pub by_proxy: bool,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The status that the browser saw.
    pub status: u16,
    /// The headers that it saw.
    pub headers: Headers,
    /// The body that it saw.
    pub body: String,
    /// What reached the application, pseudo-headers included; `None` if nothing did.
    pub forwarded: Option<Headers>,
    /// The audit lines that were logged, as JSON without their prefix.
    pub audit: Vec<String>,
}

/// A host that could not do its part.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct Trouble {
    /// What it was doing.
    pub doing: &'static str,
    /// Why it could not.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Trouble {
    /// Trouble with this.
    pub fn new(doing: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing, cause: cause.into() }
    }
}

/// The values under a name, given in lower case.
pub(crate) fn values<'a>(headers: &'a Headers, name: &str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A request's header map as a proxy has it: pseudo-headers first, and the body's length, which clients always send.
#[must_use]
pub fn with_pseudo(request: &Sent) -> Headers {
    let mut headers =
        vec![(":method".to_owned(), request.method.clone()), (":authority".to_owned(), request.authority.clone())];
    if request.method != "CONNECT" {
        headers.push((":path".to_owned(), request.path.clone()));
    }
    headers.extend(request.headers.iter().cloned());
    if let Some(body) = &request.body
        && values(&request.headers, "content-length").next().is_none()
    {
        headers.push(("content-length".to_owned(), body.len().to_string()));
    }
    headers
}
