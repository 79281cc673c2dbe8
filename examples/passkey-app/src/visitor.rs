//! Who is asking: decided once per request, from the gate's assertion and the application's own session cookie.

use axum::http::HeaderMap;
use tapgate_example_app::cookie;
use tapgate_example_app::gate::{Assertion, State};

use crate::Shared;
use crate::failure::Failure;
use crate::store::Login;
use crate::token;

/// The cookie of the application's own session.
pub(crate) const SESSION: &str = "__Host-passkey-app";

/// Who is asking.
#[derive(Clone, Debug)]
pub(crate) enum Visitor {
    /// Nobody known.
    Anonymous,
    /// Came with a Temporary Access Pass and may register a passkey, nothing else. Not signed in.
    Registering(Assertion),
    /// Has registered in this session of the gate's, which the policy lets go on (`then: continue`).
    Registered(Assertion),
    /// Signed in with a passkey.
    SignedIn(Login),
}

impl Visitor {
    /// Reads it off a request. The gate's word comes first: while somebody registers, a session of the application's own, from
    /// before or stolen, is nothing.
    ///
    /// # Errors
    /// If there is an assertion that must not be believed (such a request is refused, it is not an anonymous one), or the database fails.
    pub(crate) async fn of(shared: &Shared, headers: &HeaderMap) -> Result<Self, Failure> {
        match shared.gate.read(headers).map_err(|_| Failure::Distrusted)? {
            Some(assertion) if assertion.state == State::Registering => return Ok(Self::Registering(assertion)),
            Some(assertion) => return Ok(Self::Registered(assertion)),
            None => {}
        }
        let Some(token) = cookie(headers, SESSION) else {
            return Ok(Self::Anonymous);
        };
        Ok(shared.store.login(token::kept(token)).await?.map_or(Self::Anonymous, Self::SignedIn))
    }

    /// The name of the person who may use the site. A registering person is nobody here.
    pub(crate) fn signed_in(&self) -> Option<&str> {
        match self {
            Self::Registered(assertion) => Some(&assertion.sub),
            Self::SignedIn(login) => Some(&login.name),
            Self::Registering(_) | Self::Anonymous => None,
        }
    }

    /// The name of the person who may register a passkey, and the session that the ceremony is bound to.
    pub(crate) fn may_register(&self) -> Option<(&str, String)> {
        match self {
            Self::Registering(assertion) | Self::Registered(assertion) => {
                Some((&assertion.sub, format!("gate {}", assertion.sid)))
            }
            Self::SignedIn(login) => Some((&login.name, format!("own {}", token::text(&login.token)))),
            Self::Anonymous => None,
        }
    }

    /// The gate's session of a person who is only registering: the one to which a receipt is owed.
    pub(crate) const fn registering(&self) -> Option<&Assertion> {
        match self {
            Self::Registering(assertion) => Some(assertion),
            _ => None,
        }
    }

    /// Whether the session is the gate's, so that the gate ends it.
    pub(crate) const fn by_gate(&self) -> bool {
        matches!(self, Self::Registering(_) | Self::Registered(_))
    }
}
