//! The plugin's own answers: pages, redirects, JSON and problems (RFC 9457), each with the headers it owes (8.2).

use serde::Serialize;

use crate::names::TenantId;
use crate::path::LocalPath;
use crate::refusal::{Face, Refusal};
use crate::time::UnixSeconds;

/// An answer of the plugin's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, in order; `set-cookie` may repeat.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The body of a refusal to a caller that reads JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
}

/// What a confined caller is told besides (5.2).
pub(crate) struct Confinement<'a> {
    pub(crate) page: &'a LocalPath,
    pub(crate) deadline: UnixSeconds,
}

impl Reply {
    fn new(status: u16) -> Self {
        Self { status, headers: vec![("cache-control", "no-store".into())], body: Vec::new() }
    }

    fn with_body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.headers.push(("content-type", content_type.into()));
        self.headers.push(("x-content-type-options", "nosniff".into()));
        self.body = body;
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds a `set-cookie`, if there is one.
    pub(crate) fn cookie(self, cookie: Option<String>) -> Self {
        match cookie {
            Some(cookie) => self.header("set-cookie", cookie),
            None => self,
        }
    }

    /// A page. Its security policy allows what the page's own hashes name, and nothing else.
    pub(crate) fn page(status: u16, page: crate::pages::Page) -> Self {
        Self::new(status)
            .with_body("text/html; charset=utf-8", page.html.into_bytes())
            .header("content-security-policy", page.content_security_policy)
            .header("referrer-policy", page.referrer_policy.into())
            .header("content-language", page.language.tag().into())
            .header("vary", "accept-language".into())
            .header("x-frame-options", "DENY".into())
    }

    /// A redirect that turns the request into a GET.
    pub(crate) fn see_other(location: &str) -> Self {
        Self::new(303).header("location", location.into())
    }

    /// JSON.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::new(status).with_body("application/json", body),
            Err(_) => Self::problem(Refusal::Internal, None),
        }
    }

    /// Done, and nothing to say.
    pub(crate) fn nothing() -> Self {
        Self::new(204)
    }

    /// A refusal as a problem document.
    pub(crate) fn problem(refusal: Refusal, confinement: Option<&Confinement<'_>>) -> Self {
        let Face { status, reason, title, text } = refusal.face();
        Self::problem_of(&Problem {
            r#type: format!("urn:tapgate:problem:{reason}"),
            title,
            status,
            reason: Some(reason),
            detail: text,
            registration_url: confinement.map(|confinement| confinement.page.as_str()),
            deadline: confinement.map(|confinement| confinement.deadline.to_string()),
        })
    }

    /// A problem that is no refusal: an unknown path, a wrong method, no session (8.1a).
    pub(crate) fn plain_problem(status: u16, title: &str, detail: &str) -> Self {
        Self::problem_of(&Problem {
            r#type: "about:blank".into(),
            title,
            status,
            reason: None,
            detail,
            registration_url: None,
            deadline: None,
        })
    }

    fn problem_of(problem: &Problem<'_>) -> Self {
        let body = serde_json::to_vec(problem).unwrap_or_default();
        Self::new(problem.status).with_body("application/problem+json", body)
    }

    /// Adds what the status owes: a challenge to 401, a pause to 503 (8.1, 8.2).
    pub(crate) fn owed(self, tenant: Option<&TenantId>) -> Self {
        match (self.status, tenant) {
            (401, Some(tenant)) => self.header("www-authenticate", format!("TemporaryAccessPass realm=\"{tenant}\"")),
            (503, _) => self.header("retry-after", "2".into()),
            _ => self,
        }
    }
}
