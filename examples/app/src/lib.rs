//! A small application behind the gate, to read and to copy from.
//!
//! It has accounts of its own, a sign-in of its own and a stand-in for a passwordless method. What it does about the gate
//! is in `gate` (read the assertion, write the receipt) and `visitor` (who may do what); the rest is an ordinary axum
//! application. It depends on nothing of Tapgate's.

mod accounts;
pub mod gate;
mod pages;
mod register;
mod sign_in;
mod trap;
mod visitor;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::accounts::Accounts;
use crate::gate::Gate;
use crate::pages::{Account, Home, page};
use crate::visitor::Visitor;

pub use self::visitor::cookie;

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    gate: Arc<Gate>,
    accounts: Arc<Accounts>,
}

/// The application behind this gate.
pub fn application(gate: Gate) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/register", get(register::show))
        .route("/register/finish", post(register::finish))
        .route("/register/trap", post(trap::set))
        .route("/register/seen", get(trap::seen))
        .route("/account", get(account))
        .route("/api/profile", get(profile))
        .route("/assets/app.css", get(pages::style))
        .route("/assets/countdown.js", get(pages::countdown))
        .with_state(Shared { gate: Arc::new(gate), accounts: Arc::default() })
}

/// `GET /`: open to everybody.
async fn home(visitor: Visitor) -> Response {
    let user = visitor.signed_in();
    page(StatusCode::OK, &Home { user, by_gate: visitor.gate.is_some() })
}

/// `GET /account`: for people who are signed in.
async fn account(visitor: Visitor) -> Response {
    match visitor.signed_in() {
        Some(user) => page(StatusCode::OK, &Account { user, by_gate: visitor.gate.is_some() }),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// `GET /api/profile`: the same, for scripts.
async fn profile(visitor: Visitor) -> Response {
    match visitor.signed_in() {
        Some(user) => Json(json!({ "user": user })).into_response(),
        None => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "sign in first" }))).into_response(),
    }
}
