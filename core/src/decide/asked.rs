//! What a flow needs to remember of a request: owned, because the headers are gone by the time a ledger answers.

use super::response::Stream;
use super::{Forward, Gate};
use crate::cookie;
use crate::headers::{HeaderEdits, redirects_meaning};
use crate::names::SessionId;
use crate::path::{ReturnTo, is_ambiguous};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::request::{BodyFormat, RequestView};
use crate::seal;
use crate::session::HOLDER_COOKIE;

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
    /// Why the sign-in page is shown, from its address.
    pub(super) reason: Option<Refusal>,
    /// Where the person wants to go, from the sign-in page's address.
    pub(super) return_to: Option<ReturnTo>,
    /// The browser's holder cookie, if it has exactly one in the right form.
    pub(super) holder: Option<SessionId>,
    pub(super) has_cookies: bool,
    /// The plugin's own cookies, by name.
    own: Vec<(Vec<u8>, Vec<u8>)>,
    /// All others.
    others: Vec<(Vec<u8>, Vec<u8>)>,
    /// Reserved names to be removed.
    reserved: Vec<Vec<u8>>,
    /// Names to be removed from a registering session's request.
    meaning: Vec<Vec<u8>>,
    own_cookies: Vec<Vec<u8>>,
}

impl Asked {
    pub(super) fn of(request: &RequestView<'_>, gate: &Gate) -> Self {
        let pair = |pair: cookie::Pair<'_>| (pair.name.to_vec(), pair.value.to_vec());
        let is_own = |pair: &(Vec<u8>, Vec<u8>)| gate.own_cookies.contains(&pair.0);
        let (own, others): (Vec<_>, Vec<_>) = cookie::pairs(request.headers()).map(pair).partition(is_own);
        let meaning = request.headers().iter().map(|(name, _)| *name).filter(|name| redirects_meaning(name));
        let path = request.path();
        let mut asked = Self {
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
            reason: request.query("reason").and_then(|reason| Refusal::of_reason(&reason)),
            return_to: request.query("return_to").and_then(|target| target.parse().ok()),
            holder: None,
            has_cookies: !own.is_empty() || !others.is_empty(),
            own,
            others,
            reserved: gate.reserved.removals(request.headers()).map(<[u8]>::to_vec).collect(),
            meaning: meaning.map(<[u8]>::to_vec).collect(),
            own_cookies: gate.own_cookies.clone(),
        };
        asked.holder = match asked.own_values(HOLDER_COOKIE).as_slice() {
            [value] => std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()),
            _ => None,
        };
        asked
    }

    /// The values of one of the plugin's own cookies.
    pub(super) fn own_values(&self, name: &str) -> Vec<&[u8]> {
        let values = self.own.iter().filter(|(known, _)| known == name.as_bytes());
        values.map(|(_, value)| value.as_slice()).collect()
    }

    /// The names of the plugin's own cookies, of all tenants.
    pub(super) fn own_cookies(&self) -> &[Vec<u8>] {
        &self.own_cookies
    }

    /// What is removed from every request, whatever its host: reserved names and the plugin's own cookies (6.1), and
    /// sealed values, which mean nothing outside their session.
    pub(super) fn strip(&self) -> HeaderEdits {
        let sealed = |(_, value): &(Vec<u8>, Vec<u8>)| value.starts_with(seal::PREFIX.as_bytes());
        let kept: Vec<_> = self.others.iter().filter(|pair| !sealed(pair)).cloned().collect();
        let mut edits = self.without_reserved();
        if !self.own.is_empty() || kept.len() != self.others.len() {
            set_cookies(&mut edits, &kept);
        }
        edits
    }

    /// As [`Asked::strip`], but the application gets only the cookies that it set in this very session (5.7).
    pub(super) fn strip_for_session(&self, policy: &Policy, session: SessionId) -> HeaderEdits {
        let keys = &policy.gateway_keys.seal;
        let opened = self.others.iter().filter_map(|(name, value)| {
            let value = keys.open(&session, name, value)?;
            Some((name.clone(), value))
        });
        let opened: Vec<_> = opened.collect();
        let mut edits = self.without_reserved();
        if self.has_cookies {
            set_cookies(&mut edits, &opened);
        }
        edits
    }

    /// Adds to `edits` the removal of headers that could make the application see another path or method (5.1).
    pub(super) fn strip_meaning(&self, edits: &mut HeaderEdits) {
        self.meaning.iter().for_each(|name| edits.remove(name));
    }

    fn without_reserved(&self) -> HeaderEdits {
        let mut edits = HeaderEdits::default();
        self.reserved.iter().for_each(|name| edits.remove(name));
        edits
    }

    /// A request that goes on with no session.
    pub(super) fn forward_bare(&self) -> Forward {
        Forward { edits: self.strip(), stream: Stream::bare(self.own_cookies.clone()) }
    }
}

fn set_cookies(edits: &mut HeaderEdits, pairs: &[(Vec<u8>, Vec<u8>)]) {
    if pairs.is_empty() {
        edits.remove(b"cookie");
    } else {
        edits.set(b"cookie", cookie::line(pairs));
    }
}
