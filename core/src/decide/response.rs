//! The application's answer on its way back: what only the plugin may say is taken out, cookies of a session are sealed,
//! cookies that are no session's are cleared (5.7, 6.2, 6.3).

use std::sync::Arc;

use super::asked::Asked;
use super::{Gate, completion};
use crate::audit::AuditEvent;
use crate::context::Context;
use crate::cookie::{self, SetCookie};
use crate::headers::{Header, HeaderEdits, is_own};
use crate::ledger::Step;
use crate::policy::{CookieRule, Policy};
use crate::random::NoEntropy;
use crate::session::Session;

/// What is remembered of a request to judge its answer by.
#[derive(Clone)]
pub struct Stream {
    /// Set-Cookie of these names is the plugin's alone.
    own_cookies: Arc<[Vec<u8>]>,
    /// A cookie to be taken away from the browser.
    clear: Option<String>,
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

    pub(super) fn of_session(policy: &Arc<Policy>, asked: &Asked, session: Session) -> Self {
        let session = SessionStream {
            policy: Arc::clone(policy),
            session,
            method: asked.method.clone(),
            path: asked.path.clone(),
            ambiguous: asked.ambiguous,
        };
        Self { session: Some(Box::new(session)), ..asked.bare_stream() }
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

impl Gate {
    /// Judges an answer by its headers. Until the step is done the whole answer has to be held.
    ///
    /// # Errors
    /// [`NoEntropy`] if cookies have to be sealed and cannot be: the answer must not go out.
    pub fn response(
        stream: &Stream,
        response: &ResponseView<'_>,
        context: &mut Context<'_>,
    ) -> Result<Step<ResponseDecision>, NoEntropy> {
        let mut edits = HeaderEdits::default();
        response.headers.iter().filter(|(name, _)| is_own(name)).for_each(|(name, _)| edits.remove(name));
        filter_cookies(&mut edits, stream, response, context)?;
        if let Some(name) = &stream.clear {
            put_cookie(&mut edits, &cookie::cleared(name));
        }
        Ok(match &stream.session {
            Some(session) if response.from_application => completion::look(session, response, edits, context),
            _ => Step::Done(ResponseDecision { edits, audit: Vec::new() }),
        })
    }
}

/// Puts one of the plugin's own cookies on an answer, which then must not be stored (6.2).
pub(super) fn put_cookie(edits: &mut HeaderEdits, cookie: &str) {
    edits.add(b"set-cookie", cookie);
    edits.add.retain(|(name, _)| name != b"cache-control");
    edits.set(b"cache-control", "no-store");
}

fn filter_cookies(
    edits: &mut HeaderEdits,
    stream: &Stream,
    response: &ResponseView<'_>,
    context: &mut Context<'_>,
) -> Result<(), NoEntropy> {
    let mut kept = Vec::new();
    let mut changed = false;
    for header in response.all("set-cookie") {
        let parsed = SetCookie::parse(header);
        let is_own = stream.own_cookies.iter().any(|own| own.eq_ignore_ascii_case(parsed.apparent_name()));
        let filtered = match &stream.session {
            _ if is_own => None,
            None => Some(header.to_vec()),
            Some(session) => confined(&parsed, session, context)?,
        };
        changed |= filtered.as_deref() != Some(header);
        kept.extend(filtered);
    }
    if changed {
        edits.remove(b"set-cookie");
        for cookie in kept {
            edits.add(b"set-cookie", cookie);
        }
    }
    Ok(())
}

/// What becomes of a cookie that the application sets in a session (5.7): a nameless one cannot be bound to a name.
fn confined(
    cookie: &SetCookie<'_>,
    stream: &SessionStream,
    context: &mut Context<'_>,
) -> Result<Option<Vec<u8>>, NoEntropy> {
    if stream.policy.registration.cookies == CookieRule::Withheld || cookie.name.is_empty() {
        return Ok(None);
    }
    let keys = &stream.policy.gateway_keys.seal;
    let sealed = keys.seal(&stream.session.id, cookie.name, cookie.value, context.random)?;
    Ok(sealed.map(|value| cookie.with_value(&value)))
}
