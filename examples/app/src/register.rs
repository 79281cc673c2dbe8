//! The one thing a registering person may do: register a method, before the deadline.
//!
//! The policy names `/register` as the page, allows `/register/*` and `/assets/*`, and takes the receipt on the answer of
//! [`finish`] as the proof. Nothing else of the site is reached by a registering session.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::Shared;
use crate::gate::RECEIPT;
use crate::pages::{Register, Registered, page, wants_page};
use crate::visitor::Visitor;

/// `GET /register`: says until when, and offers the button.
pub(crate) async fn show(visitor: Visitor) -> Response {
    match visitor.registering() {
        Some(assertion) => page(StatusCode::OK, &Register { user: &assertion.sub }),
        None if visitor.signed_in().is_some() => Redirect::to("/account").into_response(),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// `POST /register/finish`: registers the method, and answers with the receipt.
///
/// The receipt is given only here, after the method is stored, and only for the session that asked: it names the user and
/// the session of the assertion, so it is of no use to anybody else.
pub(crate) async fn finish(State(shared): State<Shared>, visitor: Visitor, headers: HeaderMap) -> Response {
    let Some(assertion) = visitor.registering() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let Ok(code) = shared.accounts.register(&assertion.sub) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(receipt) = shared.gate.receipt(assertion) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let user = assertion.sub.as_str();
    let answer = if wants_page(&headers) {
        page(StatusCode::OK, &Registered { user, code: &code })
    } else {
        let body = json!({ "user": user, "method": "device code", "code": code });
        ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
    };
    ([(RECEIPT, receipt)], answer).into_response()
}
