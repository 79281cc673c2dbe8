//! The application's answer on its way back: what only the plugin may say is taken out, cookies of a session are sealed,
//! cookies that are no session's are cleared (5.7, 6.2, 6.3).

use super::answer::{ResponseDecision, ResponseView, SessionStream, Stream, put_cookie};
use super::{Gate, completion};
use crate::context::Context;
use crate::cookie::{self, SetCookie};
use crate::headers::{HeaderEdits, is_own};
use crate::ledger::Step;
use crate::policy::CookieRule;
use crate::random::NoEntropy;

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
