//! Who is asking: decided once per request, from the gate's assertion and the application's own login cookie.

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::Shared;
use crate::gate::{Assertion, State};

/// The application's own login cookie.
pub(crate) const LOGIN_COOKIE: &str = "app_session";

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// What the gate says, if it says anything.
    pub(crate) gate: Option<Assertion>,
    /// Whose login the application's own cookie is, if it is anybody's.
    pub(crate) own_login: Option<String>,
}

impl Visitor {
    /// The person who may use the site: registered at the gate in this session, or signed in with a method of their own.
    ///
    /// A registering person is nobody here. The gate would not let them through either; but an application that asks only
    /// "is there an assertion?" has no second lock.
    pub(crate) fn signed_in(&self) -> Option<&str> {
        match &self.gate {
            Some(Assertion { sub, state: State::Registered, .. }) => Some(sub),
            Some(Assertion { state: State::Registering, .. }) => None,
            None => self.own_login.as_deref(),
        }
    }

    /// The session of a person who may register a method now, and do nothing else.
    pub(crate) fn registering(&self) -> Option<&Assertion> {
        self.gate.as_ref().filter(|assertion| assertion.state == State::Registering)
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Self::Rejection> {
        let gate = shared
            .gate
            .read(&parts.headers)
            .map_err(|distrust| (StatusCode::UNAUTHORIZED, format!("{distrust}\n")).into_response())?;
        let own_login = cookie(&parts.headers, LOGIN_COOKIE).and_then(|token| shared.accounts.login(token));
        Ok(Self { gate, own_login })
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(is, _)| *is == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(state: State) -> Option<Assertion> {
        Some(Assertion { sub: "alice".to_owned(), sid: "s".to_owned(), tenant: "contoso".to_owned(), state })
    }

    #[test]
    fn a_registering_person_is_not_signed_in_even_with_a_login_of_their_own() {
        let visitor = Visitor { gate: gate(State::Registering), own_login: Some("alice".to_owned()) };
        assert_eq!(visitor.signed_in(), None);
        assert!(visitor.registering().is_some());
    }

    #[test]
    fn a_registered_person_and_an_own_login_are_signed_in() {
        let registered = Visitor { gate: gate(State::Registered), own_login: None };
        assert_eq!(registered.signed_in(), Some("alice"));
        assert!(registered.registering().is_none());
        let own = Visitor { gate: None, own_login: Some("bob".to_owned()) };
        assert_eq!(own.signed_in(), Some("bob"));
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "my_app_session=1; app_session=2".parse().unwrap());
        headers.append(COOKIE, "theme=dark".parse().unwrap());
        assert_eq!(cookie(&headers, LOGIN_COOKIE), Some("2"));
        assert_eq!(cookie(&headers, "theme"), Some("dark"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
