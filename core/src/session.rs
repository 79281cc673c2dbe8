//! Sessions: what a browser holds after a sign-in, as a signed cookie, and until when it is worth anything (5, 6.3).
//!
//! A cookie is a JWS of its own kind, signed with a key derived for this tenant, so that no other tenant's verifies. It
//! says what was true at sign-in; whether it still is, the policy now loaded and the ledger say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::json::{Json, Object};
use crate::jws::{self, Typ};
use crate::names::{Identity, PassId, SessionId};
use crate::pass::{GroupTags, moment, text};
use crate::path::ReturnTo;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::time::{Minutes, Seconds, UnixSeconds};

/// The cookie that tells a one-time pass's holder from others (7.3). Alone it opens nothing.
pub const HOLDER_COOKIE: &str = "__Host-tapgate-holder";

/// How long after a session's end its cookie is kept, so that its person is told why it is over (4.3).
const KEPT_AFTER_END: Minutes = Minutes::new(60);

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Register a method, and nothing else.
    Registering,
    /// Everything, until its end.
    Registered,
}

impl State {
    /// As headers, assertion and status have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Registering => "registering",
            Self::Registered => "registered",
        }
    }

    /// Why a session in this state is refused once it is over.
    #[must_use]
    pub fn over(self) -> Refusal {
        match self {
            Self::Registering => Refusal::RegistrationDeadlinePassed,
            Self::Registered => Refusal::SessionExpired,
        }
    }
}

/// A session, as its cookie has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub identity: Identity,
    /// The pass that it was opened with.
    pub pass: PassId,
    /// That pass's end.
    pub pass_end: UnixSeconds,
    /// What it may do.
    pub state: State,
    /// When it began: for a holder who signed in again, when the pass was first presented.
    pub since: UnixSeconds,
    /// When it is over: a registering session's deadline.
    pub end: UnixSeconds,
    /// The groups that the pass claimed.
    pub groups: Option<GroupTags>,
    /// Where its person wanted to go.
    pub return_to: Option<ReturnTo>,
}

#[derive(Serialize)]
struct Claims<'a> {
    sid: String,
    sub: &'a str,
    jti: &'a str,
    /// The pass's end.
    pex: u64,
    /// The state's name.
    st: &'static str,
    /// When the session began.
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    grp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rt: Option<&'a str>,
}

impl Session {
    /// The cookie's value. `None` only if the claims do not serialize.
    pub(crate) fn to_cookie(&self, policy: &Policy) -> Option<String> {
        let claims = Claims {
            sid: self.id.to_string(),
            sub: self.identity.as_str(),
            jti: self.pass.as_str(),
            pex: self.pass_end.get(),
            st: self.state.name(),
            iat: self.since.get(),
            exp: self.end.get(),
            grp: self.groups.as_ref().map(|groups| URL_SAFE_NO_PAD.encode(groups.to_bytes())),
            rt: self.return_to.as_ref().map(ReturnTo::as_str),
        };
        jws::sign(&policy.gateway_keys.sessions, Typ::SESSION, &claims)
    }

    /// Reads a cookie's value; `None` if it is not one that this tenant's gateways made.
    pub(crate) fn from_cookie(value: &[u8], policy: &Policy) -> Option<Self> {
        let claims = jws::verify(&policy.gateway_keys.sessions, Typ::SESSION, value).ok()?;
        Some(Self {
            id: text(&claims, "sid")?.parse().ok()?,
            identity: text(&claims, "sub")?.parse().ok()?,
            pass: text(&claims, "jti")?.parse().ok()?,
            pass_end: moment(&claims, "pex")?,
            state: match text(&claims, "st")? {
                "registering" => State::Registering,
                "registered" => State::Registered,
                _ => return None,
            },
            since: moment(&claims, "iat")?,
            end: moment(&claims, "exp")?,
            groups: optional(&claims, "grp", |tags| GroupTags::from_bytes(&URL_SAFE_NO_PAD.decode(tags).ok()?))?,
            return_to: optional(&claims, "rt", |target| target.parse().ok())?,
        })
    }

    /// When the session is over by the policy now loaded: the earlier of what its cookie says and what the policy
    /// gives, counted from sign-in (2.4, 5.6).
    #[must_use]
    pub fn end_under(&self, policy: &Policy) -> UnixSeconds {
        let allowed = match self.state {
            State::Registering => self.since.plus(policy.registration.window).min(self.pass_end),
            State::Registered => self.registered_end(policy),
        };
        allowed.min(self.end)
    }

    /// When the session would be over, once registered (5.6).
    #[must_use]
    pub fn registered_end(&self, policy: &Policy) -> UnixSeconds {
        let end = self.since.plus(policy.session.maximum);
        if policy.session.ends_with_pass { end.min(self.pass_end) } else { end }
    }

    /// How long a browser keeps the cookie.
    #[must_use]
    pub fn kept_for(&self, now: UnixSeconds) -> Seconds {
        self.end.plus(KEPT_AFTER_END).since(now)
    }
}

/// A claim that may be missing, but not be wrong.
fn optional<T>(claims: &Object, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match claims.get(name) {
        None => Some(None),
        Some(Json::String(text)) => read(text).map(Some),
        Some(_) => None,
    }
}
