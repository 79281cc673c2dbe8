//! `GET /`: who is signed in.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::App;
use crate::pages::{Home, page};
use crate::visitor::Visitor;

/// `GET /`
pub(crate) async fn show(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Response {
    let site = &app.site;
    let (user, by_gate) = (visitor.signed_in(), visitor.by_gate());
    page(StatusCode::OK, &Home { site, user, by_gate })
}
