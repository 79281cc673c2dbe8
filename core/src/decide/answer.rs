//! What passes between a request and its answer: what is remembered of the one, what is seen of the other, what changes.

use std::sync::Arc;

use crate::audit::AuditEvent;
use crate::headers::{Header, HeaderEdits};
use crate::policy::Policy;
use crate::session::Session;

/// What is remembered of a request to judge its answer by.
#[derive(Clone)]
pub struct Stream {
    /// Set-Cookie of these names is the plugin's alone.
    pub(super) own_cookies: Arc<[Vec<u8>]>,
    /// A cookie to be taken away from the browser.
    pub(super) clear: Option<String>,
    pub(super) session: Option<Box<SessionStream>>,
}

/// A live session's request.
#[derive(Clone)]
pub(super) struct SessionStream {
    pub(super) policy: Arc<Policy>,
    pub(super) session: Session,
    pub(super) method: Vec<u8>,
    pub(super) path: Vec<u8>,
    /// Whether the path matches anything at all.
    pub(super) ambiguous: bool,
}

impl Stream {
    pub(super) fn bare(own_cookies: Arc<[Vec<u8>]>) -> Self {
        Self { own_cookies, clear: None, session: None }
    }

    /// Whether the request came with a live session, so that it matters who gave the answer.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.session.is_some()
    }

    pub(super) fn clearing(self, cookie: &str) -> Self {
        Self { clear: Some(cookie.to_owned()), ..self }
    }

    pub(super) fn in_session(self, session: SessionStream) -> Self {
        Self { session: Some(Box::new(session)), ..self }
    }
}

/// An answer as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct ResponseView<'a> {
    /// Its headers, `:status` included.
    pub headers: &'a [Header<'a>],
    /// Whether the application gave it, and not the proxy in its place (5.5).
    pub from_application: bool,
}

impl<'a> ResponseView<'a> {
    /// The status; `None` if there is none to be read.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let (_, status) = self.headers.iter().find(|(name, _)| *name == b":status")?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }

    /// The values under a name, given in lower case.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |header: &&Header<'a>| header.0.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(named).map(|(_, value)| *value)
    }
}

/// What becomes of an answer.
pub struct ResponseDecision {
    /// What changes in its headers.
    pub edits: HeaderEdits,
    /// What operators are told.
    pub audit: Vec<AuditEvent>,
}

/// Puts one of the plugin's own cookies on an answer, which then must not be stored (6.2).
pub(super) fn put_cookie(edits: &mut HeaderEdits, cookie: &str) {
    edits.add(b"set-cookie", cookie);
    edits.add.retain(|(name, _)| name != b"cache-control");
    edits.set(b"cache-control", "no-store");
}
