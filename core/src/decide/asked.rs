//! What a flow needs to remember of a request: owned, because the headers are gone by the time a ledger answers, and
//! little, because a client may open many requests and finish none.

use std::sync::Arc;

use super::answer::Stream;
use super::{Forward, Gate};
use crate::cookie;
use crate::headers::{HeaderEdits, redirects_meaning};
use crate::names::{HolderId, SessionId};
use crate::path::{ReturnTo, is_ambiguous};
use crate::policy::{CookieRule, Policy};
use crate::refusal::Refusal;
use crate::request::{BodyFormat, RequestView};
use crate::seal;
use crate::session::HOLDER_COOKIE;
use crate::texts::Language;

/// A request, as far as the rules look at it.
pub(super) struct Asked {
    pub(super) method: Vec<u8>,
    /// Without the query.
    pub(super) path: Vec<u8>,
    pub(super) ambiguous: bool,
    pub(super) navigation: bool,
    pub(super) prefers_json: bool,
    pub(super) cross_site: bool,
    pub(super) safe: bool,
    pub(super) tunnel: bool,
    pub(super) body_format: Option<BodyFormat>,
    pub(super) content_length: Option<u64>,
    /// What the address of one of the plugin's own endpoints says.
    pub(super) address: Address,
    /// What a page would be written in.
    pub(super) language: Language,
    pub(super) has_cookies: bool,
    pub(super) session_cookie: SessionCookie,
    /// The browser's holder cookie, if it has exactly one in the right form.
    pub(super) holder: Option<HolderId>,
    /// The names of the plugin's own cookies, of all tenants.
    own_cookies: Arc<[Vec<u8>]>,
    kept: Kept,
}

/// The query of a plugin endpoint.
#[derive(Default)]
pub(super) struct Address {
    /// Why the sign-in page is shown.
    pub(super) reason: Option<Refusal>,
    /// Where the person wants to go.
    pub(super) return_to: Option<ReturnTo>,
}

/// The tenant's session cookie.
pub(super) enum SessionCookie {
    None,
    One(Vec<u8>),
    Several,
}

/// Headers that edits are made from, until they are made.
#[derive(Default)]
struct Kept {
    /// All cookies as one line, if any of them must not go on as it is.
    cookies: Option<Vec<u8>>,
    /// Reserved names to be removed.
    reserved: Vec<Vec<u8>>,
    /// Names to be removed from a registering session's request.
    meaning: Vec<Vec<u8>>,
}

impl Asked {
    pub(super) fn of(request: &RequestView<'_>, gate: &Gate, policy: Option<&Policy>) -> Self {
        let path = request.path();
        let values = |name: &[u8]| {
            let mut values = cookie::pairs(request.headers()).filter(|pair| pair.name == name).map(|pair| pair.value);
            (values.next(), values.next())
        };
        let session_cookie = match policy.map(|policy| values(policy.session.cookie.as_bytes())) {
            None | Some((None, _)) => SessionCookie::None,
            Some((Some(value), None)) => SessionCookie::One(value.to_vec()),
            Some((Some(_), Some(_))) => SessionCookie::Several,
        };
        let holder = match values(HOLDER_COOKIE.as_bytes()) {
            (Some(value), None) => std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()),
            _ => None,
        };
        let is_endpoint = policy.is_some_and(|policy| policy.base_path.below(path).is_some());
        // Whoever has no session and does not sign in is never shown a page, and pays nothing for its language.
        let signs_in = policy.is_some_and(|policy| is_endpoint || policy.sign_in.path.is(path));
        let may_see_page = signs_in || !matches!(session_cookie, SessionCookie::None);
        Self {
            method: request.method().unwrap_or_default().to_vec(),
            path: path.to_vec(),
            ambiguous: is_ambiguous(path),
            navigation: request.is_navigation(),
            prefers_json: request.prefers_json(),
            cross_site: request.is_cross_site(),
            safe: request.is_safe(),
            tunnel: request.is_tunnel(),
            body_format: request.body_format(),
            content_length: request.content_length(),
            address: if is_endpoint { Address::of(request) } else { Address::default() },
            language: if may_see_page { Language::of(request.headers()) } else { Language::default() },
            has_cookies: cookie::pairs(request.headers()).next().is_some(),
            session_cookie,
            holder,
            own_cookies: Arc::clone(&gate.own_cookies),
            kept: Kept::of(request, gate),
        }
    }

    /// What is removed from every request, whatever its host: reserved names and the plugin's own cookies (6.1), and
    /// sealed values, which mean nothing outside their session.
    pub(super) fn strip(&self) -> HeaderEdits {
        let mut edits = self.kept.without_reserved();
        if let Some(line) = &self.kept.cookies {
            let kept = cookie::rewritten(line, |pair| {
                let goes_on = !is_own(&self.own_cookies, &pair) && !is_sealed(&pair);
                goes_on.then(|| pair.value.to_vec())
            });
            set_cookies(&mut edits, kept);
        }
        edits
    }

    /// As [`Asked::strip`], but the application gets only the cookies that it set in this very session, and with
    /// `withheld` none (5.7).
    pub(super) fn strip_for_session(&self, policy: &Policy, session: SessionId) -> HeaderEdits {
        let keys = &policy.gateway_keys.seal;
        let mut edits = self.kept.without_reserved();
        let line = self.kept.cookies.as_deref().filter(|_| policy.registration.cookies == CookieRule::Sealed);
        let opened = line.map(|line| cookie::rewritten(line, |pair| keys.open(&session, pair.name, pair.value)));
        set_cookies(&mut edits, opened.unwrap_or_default());
        edits
    }

    /// What is removed from a request that waits for its body and will not go on, should its headers be seen by
    /// somebody before it is answered: every cookie, reserved names, and what could give it another meaning.
    pub(super) fn strip_all(&self) -> HeaderEdits {
        let mut edits = self.kept.without_reserved();
        edits.remove(b"cookie");
        self.strip_meaning(&mut edits);
        edits
    }

    /// Adds to `edits` the removal of headers that could make the application see another path or method (5.1).
    pub(super) fn strip_meaning(&self, edits: &mut HeaderEdits) {
        self.kept.meaning.iter().for_each(|name| edits.remove(name));
    }

    /// Forgets the headers, once all edits are made.
    pub(super) fn forget_headers(&mut self) {
        self.kept = Kept::default();
        self.session_cookie = SessionCookie::None;
    }

    /// What a request with no session is remembered by.
    pub(super) fn bare_stream(&self) -> Stream {
        Stream::bare(Arc::clone(&self.own_cookies))
    }

    /// A request that goes on with no session.
    pub(super) fn forward_bare(&self) -> Forward {
        Forward { edits: self.strip(), stream: self.bare_stream() }
    }
}

impl Address {
    fn of(request: &RequestView<'_>) -> Self {
        Self {
            reason: request.query("reason").and_then(|reason| Refusal::of_reason(&reason)),
            return_to: request.query("return_to").and_then(|target| target.parse().ok()),
        }
    }
}

impl Kept {
    fn of(request: &RequestView<'_>, gate: &Gate) -> Self {
        let headers = request.headers();
        let touched = cookie::pairs(headers).any(|pair| is_own(&gate.own_cookies, &pair) || is_sealed(&pair));
        let meaning = headers.iter().map(|(name, _)| *name).filter(|name| redirects_meaning(name));
        Self {
            cookies: touched.then(|| cookie::one_line(headers)),
            reserved: gate.reserved.removals(headers).map(<[u8]>::to_vec).collect(),
            meaning: meaning.map(<[u8]>::to_vec).collect(),
        }
    }

    fn without_reserved(&self) -> HeaderEdits {
        let mut edits = HeaderEdits::default();
        self.reserved.iter().for_each(|name| edits.remove(name));
        edits
    }
}

fn is_own(own_cookies: &[Vec<u8>], pair: &cookie::Pair<'_>) -> bool {
    own_cookies.iter().any(|own| own == pair.name)
}

fn is_sealed(pair: &cookie::Pair<'_>) -> bool {
    pair.value.starts_with(seal::PREFIX.as_bytes())
}

fn set_cookies(edits: &mut HeaderEdits, line: Vec<u8>) {
    if line.is_empty() {
        edits.remove(b"cookie");
    } else {
        edits.set(b"cookie", line);
    }
}
