//! Not to be copied: how an application goes wrong, and a look at what reaches it. The demo plays with both.
//!
//! Many applications start a login of their own as soon as they believe somebody, a registering person included. That
//! cookie alone would open the whole site past the deadline and past the gate. The gate seals it: the browser holds a value
//! that only the gate can open, and only for this live session.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Shared;
use crate::sign_in::login_cookie;
use crate::visitor::{LOGIN_COOKIE, Visitor, cookie};

/// `POST /register/trap`: starts a full login for a person who is only registering.
pub(crate) async fn set(State(shared): State<Shared>, visitor: Visitor) -> Response {
    let Some(assertion) = visitor.registering() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    match shared.accounts.start_login(&assertion.sub) {
        Ok(token) => (StatusCode::NO_CONTENT, [(SET_COOKIE, login_cookie(&token))]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /register/seen`: what of this request the application saw.
pub(crate) async fn seen(visitor: Visitor, headers: HeaderMap) -> Json<Value> {
    Json(json!({
        "gate": visitor.gate.map(|assertion| json!({ "user": assertion.sub, "state": assertion.state })),
        "cookieCame": cookie(&headers, LOGIN_COOKIE).is_some(),
        "ownLogin": visitor.own_login,
    }))
}
