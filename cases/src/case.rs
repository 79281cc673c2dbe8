//! Cases as values: what `policies/NAME.cases.yaml` says. [`CaseFile::read`] is the only way to get them from text.

use std::collections::BTreeMap;

use tapgate_core::json::{Json, Object};

use crate::policy::Change;
use crate::read;
use crate::run::START;
use crate::yaml::{Flaw, Position};

/// The cases of one policy.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// In the order of the file.
    pub cases: Vec<Case>,
}

impl CaseFile {
    /// Reads a case file.
    ///
    /// # Errors
    /// Every flaw of it, in the order of the text.
    pub fn read(text: &str) -> Result<Self, Vec<Flaw>> {
        read::file(text)
    }
}

/// One story, told in steps.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// Where it begins in its file.
    pub position: Position,
    /// The statements of the contract that it covers, as `4.3`.
    pub shows: Vec<String>,
    /// The hosts that cannot carry it, each with the reason.
    pub not_on: BTreeMap<String, String>,
    /// How the policy differs from the one in the file beside it.
    pub policy: Vec<Change>,
    /// The passes that its steps speak of, by name: the file's own and the case's.
    pub passes: BTreeMap<String, Pass>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// When a step happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Right after the step before.
    Now,
    /// So many seconds after the case's start.
    At(u64),
    /// So many seconds after the step before.
    After(u64),
}

impl When {
    /// When that is, in seconds since 1970, if the step before was at `now`.
    #[must_use]
    pub fn after(self, now: u64) -> u64 {
        match self {
            Self::Now => now,
            Self::At(at) => START.saturating_add(at),
            Self::After(wait) => now.saturating_add(wait),
        }
    }
}

/// One step: time, then what changes, then a request and what is expected of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it begins in its file.
    pub position: Position,
    /// When.
    pub when: When,
    /// Whether the proxy is restarted first, which loses a ledger in its memory.
    pub restart: bool,
    /// What changes in the case's policy first; it is loaded as a running proxy loads it.
    pub policy: Vec<Change>,
    /// A browser whose cookies this step's browser gets first.
    pub copies: Option<String>,
    /// What is sent, if anything.
    pub request: Option<Request>,
}

/// A request, the application's answer to it, and what is expected.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which browser sends it.
    pub browser: String,
    /// Whether the answer is lost on its way: the browser gets no cookie of it.
    pub lost: bool,
    /// The method; `None` for the sign-in form.
    pub line: Line,
    /// `:authority`; `None` for the first host of the policy.
    pub host: Option<String>,
    /// Who sends it.
    pub sender: Sender,
    /// Headers of its own, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
    /// What the application answers.
    pub answer: Answer,
    /// What is expected.
    pub expect: Expect,
    /// Members of the answer's JSON to be kept for later steps, each under a name.
    pub keeps: Vec<(String, String)>,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// This method and path.
    Of {
        /// The method.
        method: String,
        /// Path and query.
        path: String,
    },
    /// The gateway's sign-in, with the form filled in.
    SignIn {
        /// What is typed as user name.
        user: String,
        /// What is typed as pass.
        pass: String,
        /// The pass's name in the case, for the words of a failure.
        shown: String,
    },
}

/// Who sends a request, which decides the Fetch metadata that come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A browser on its way to a page.
    Page,
    /// A script of the site's own page.
    Script,
    /// A program, or a browser without Fetch metadata: nothing is added.
    Program,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A form's fields, in order.
    Form(Vec<(String, String)>),
    /// JSON.
    Json(Json),
    /// Text as it is; its content type is among the headers.
    Text(String),
}

/// What the application answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The receipts on it.
    pub receipts: Vec<Receipt>,
    /// Whether the proxy answers in the application's place.
    pub by_proxy: bool,
}

/// A receipt: proof from the application that a method is registered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// Claims in place of what the assertion gives; `Null` takes one out.
    pub claims: Object,
    /// How far ahead it ends, in seconds; one minute if it does not say.
    pub ends: Option<i64>,
    /// Whether it is signed with a key that nobody has.
    pub forged: bool,
}

/// A pass in the making. Times are seconds after the case's start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    /// Whose it is.
    pub user: String,
    /// `jti`.
    pub id: String,
    /// `iat`.
    pub issued: i64,
    /// `nbf`.
    pub start: i64,
    /// `exp`.
    pub end: i64,
    /// Whether it is a one-time pass.
    pub once: bool,
    /// The groups that it claims.
    pub groups: Option<Vec<String>>,
    /// Which of the tenants' policies mints it, from 0.
    pub tenant: usize,
    /// The id of the key that signs; the policy's first if it does not say.
    pub key: Option<String>,
    /// Whether it is signed with a key that nobody has.
    pub forged: bool,
    /// Members of the header in place of what the pass would have; `Null` takes one out.
    pub header: Object,
    /// Claims likewise.
    pub claims: Object,
    /// The claims as text, in place of all others.
    pub claims_text: Option<String>,
}

/// What is expected of a request. Only what is said is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// The status that the browser sees.
    pub status: Option<u16>,
    /// The reason of a refusal, as a page, a problem or a redirect shows it.
    pub reason: Option<String>,
    /// Where the answer leads.
    pub location: Option<String>,
    /// Whether the application gets the request.
    pub forwarded: Option<bool>,
    /// Headers that the application sees.
    pub seen: Vec<(String, Wanted)>,
    /// Cookies that the application sees.
    pub seen_cookies: Vec<(String, Wanted)>,
    /// Members of the assertion that the application sees.
    pub assertion: Option<Object>,
    /// Headers of the answer.
    pub headers: Vec<(String, Wanted)>,
    /// The names of exactly the cookies that the answer sets.
    pub sets: Option<Vec<String>>,
    /// The names of exactly the cookies that the answer clears.
    pub clears: Option<Vec<String>>,
    /// The attributes of cookies that the answer sets, by name.
    pub attributes: Vec<(String, String)>,
    /// Members of the answer's JSON.
    pub json: Option<Object>,
    /// Texts in the answer's body.
    pub says: Vec<String>,
    /// Exactly the events in the log, as `sign_in refused already_used alarm`.
    pub audit: Option<Vec<String>>,
}

/// What is expected of a header or a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None of this name.
    Absent,
    /// Something.
    Any,
    /// These values, in order.
    Values(Vec<String>),
}
