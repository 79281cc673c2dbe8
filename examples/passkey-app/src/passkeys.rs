//! One's own passkeys: looked at and removed by whoever is signed in.

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use crate::App;
use crate::failure::Failure;
use crate::pages::{LastOne, Passkeys, page};
use crate::store::Removed;
use crate::visitor::Visitor;

/// What the forms send.
#[derive(Deserialize)]
pub(crate) struct Removal {
    id: i64,
    #[serde(default)]
    last: String,
}

/// `GET /passkeys`
pub(crate) async fn list(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Result<Response, Failure> {
    let Some(user) = visitor.signed_in() else {
        return Ok(Redirect::to("/login").into_response());
    };
    let passkeys = app.store.passkeys(user).await?;
    Ok(page(StatusCode::OK, &Passkeys { site: &app.site, user, by_gate: visitor.by_gate(), passkeys: &passkeys }))
}

/// `POST /passkeys/remove`: the only one goes after a question, since nobody signs in without one, unless with a new pass.
pub(crate) async fn remove(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Result<Form<Removal>, FormRejection>,
) -> Result<Response, Failure> {
    let user = visitor.signed_in().ok_or(Failure::Forbidden)?;
    let Form(Removal { id, last }) = body?;
    Ok(match app.store.remove(user, id, last == "yes").await? {
        // Gone already, or somebody else's: alike, as the list shows.
        Removed::Yes | Removed::Unknown => Redirect::to("/passkeys").into_response(),
        Removed::WouldBeLast => page(StatusCode::CONFLICT, &LastOne { site: &app.site, id }),
    })
}
