//! The application's own sign-in: a user name and the method registered earlier.
//!
//! The form also has a field `pass`. A request that fills it never gets here: the gate takes every POST to this path that
//! carries a Temporary Access Pass, and answers it itself.

use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::Shared;
use crate::pages::{SignIn, page};
use crate::visitor::{LOGIN_COOKIE, cookie};

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    username: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    pass: String,
}

/// `GET /sign-in`
pub(crate) async fn show() -> Response {
    page(StatusCode::OK, &SignIn { problem: None })
}

/// `POST /sign-in`
pub(crate) async fn submit(State(shared): State<Shared>, Form(fields): Form<Fields>) -> Response {
    if !fields.pass.is_empty() {
        // Only without the gate in front, or past it: never look at the pass, it is not ours to judge.
        let problem = Some("Temporary Access Passes cannot be used here right now.");
        return page(StatusCode::MISDIRECTED_REQUEST, &SignIn { problem });
    }
    match shared.accounts.sign_in(&fields.username, &fields.code) {
        Ok(Some(token)) => ([(SET_COOKIE, login_cookie(&token))], Redirect::to("/account")).into_response(),
        Ok(None) => {
            let problem = Some("That user name and device code do not belong together.");
            page(StatusCode::UNAUTHORIZED, &SignIn { problem })
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `POST /sign-out`: ends the application's own login. A session at the gate is ended at the gate, `/.tap/sign-out`.
pub(crate) async fn sign_out(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, LOGIN_COOKIE) {
        shared.accounts.sign_out(token);
    }
    let gone = format!("{LOGIN_COOKIE}=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0");
    ([(SET_COOKIE, gone)], Redirect::to("/")).into_response()
}

/// The login cookie with this token.
pub(crate) fn login_cookie(token: &str) -> String {
    format!("{LOGIN_COOKIE}={token}; Path=/; HttpOnly; Secure; SameSite=Lax")
}
