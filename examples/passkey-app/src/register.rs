//! Registering a passkey: by a person with a Temporary Access Pass, whom it lets do nothing else, or by somebody who is signed in.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use tapgate_example_app::gate::{Assertion, RECEIPT};
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};

use crate::failure::{Failure, JsonFailure};
use crate::pages::{NoPass, NoRoom, Register, page};
use crate::store::{Added, New};
use crate::visitor::Visitor;
use crate::{App, Shared};

/// How long a passkey's name may be, in characters.
const LONGEST_NAME: usize = 64;
/// What a passkey is called whose owner did not care.
const UNNAMED: &str = "Passkey";

/// A registration that has begun.
pub(crate) struct Ceremony {
    user: i64,
    state: PasskeyRegistration,
}

/// What the page sends when the authenticator has answered.
#[derive(Deserialize)]
pub(crate) struct Finish {
    #[serde(default)]
    name: String,
    credential: RegisterPublicKeyCredential,
}

/// `GET /register`: the page where the gate keeps a registering person.
pub(crate) async fn show(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Result<Response, Failure> {
    let site = &app.site;
    Ok(match (visitor.registering(), visitor.signed_in()) {
        (Some(assertion), _) => {
            let user = &assertion.sub;
            // Whoever has registered in this session is to have the receipt again, with the last passkey that there was room for.
            if app.store.has_room(user).await? || app.store.has_registered(user, &assertion.sid).await? {
                page(StatusCode::OK, &Register { site, user })
            } else {
                page(StatusCode::CONFLICT, &NoRoom { site, user })
            }
        }
        (None, Some(_)) => Redirect::to("/passkeys").into_response(),
        (None, None) => page(StatusCode::FORBIDDEN, &NoPass { site }),
    })
}

/// `POST /webauthn/register/start`: what `navigator.credentials.create` needs.
pub(crate) async fn start(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, JsonFailure> {
    let (name, bound_to) = visitor.may_register().ok_or(Failure::Forbidden)?;
    if let Some(assertion) = visitor.registering()
        && app.store.has_registered(name, &assertion.sid).await?
    {
        // The passkey is kept, but the gate could not take the receipt then, or the answer was lost: say it again. The
        // authenticator would refuse to make a second one.
        return Ok(([receipt(&app, assertion)?], Json(json!({ "done": true }))).into_response());
    }
    if !app.store.has_room(name).await? {
        // Before an authenticator makes one that nobody keeps.
        return Err(Failure::TooMany.into());
    }
    let user = app.store.user(name).await?;
    let known = app.store.passkeys(name).await?.iter().map(|one| one.passkey.cred_id().clone()).collect();
    let (options, state) = app.webauthn.start_passkey_registration(user.handle, name, name, Some(known))?;
    let mut options = serde_json::to_value(options).map_err(|_| Failure::Impossible)?;
    if let Some(Value::Object(selection)) = options.pointer_mut("/publicKey/authenticatorSelection") {
        // The library leaves it to the authenticator. Signing in without a name needs one that the authenticator itself remembers.
        selection.insert("residentKey".to_owned(), "required".into());
        selection.insert("requireResidentKey".to_owned(), true.into());
    }
    app.registrations.begin(bound_to, Ceremony { user: user.id, state });
    Ok(Json(json!({ "options": options })).into_response())
}

/// `POST /webauthn/register/finish`: keeps the passkey, then says so. To a registering person with the receipt, which the gate takes off
/// this very answer.
pub(crate) async fn finish(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Result<Json<Finish>, JsonRejection>,
) -> Result<Response, JsonFailure> {
    let (user, bound_to) = visitor.may_register().ok_or(Failure::Forbidden)?;
    // Taken before anything is read of what was sent: a challenge is good for one try.
    let begun = app.registrations.take(&bound_to);
    let Json(Finish { name, credential }) = body?;
    let begun = begun.ok_or(Failure::StartAgain)?;
    let passkey = app.webauthn.finish_passkey_registration(&credential, &begun.state)?;
    let session = visitor.registering().map(|assertion| assertion.sid.clone());
    let new = New { user: begun.user, name: tidy(&name), passkey, session };
    match app.store.add(new).await? {
        Added::Yes => {}
        Added::Known => return Err(Failure::AlreadyRegistered.into()),
        Added::TooMany => return Err(Failure::TooMany.into()),
    }
    let answer = (StatusCode::CREATED, Json(json!({ "user": user })));
    Ok(match visitor.registering() {
        Some(assertion) => ([receipt(&app, assertion)?], answer).into_response(),
        None => answer.into_response(),
    })
}

/// The header that tells the gate that the person of this session has registered. It names user and session of the assertion, so it is
/// of no use to anybody else.
fn receipt(shared: &Shared, assertion: &Assertion) -> Result<(axum::http::HeaderName, HeaderValue), Failure> {
    Ok((RECEIPT, shared.gate.receipt(assertion).map_err(|_| Failure::Impossible)?))
}

/// A name as it is kept: one line, not too long, never nothing.
fn tidy(name: &str) -> String {
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    if name.is_empty() { UNNAMED.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tidy() {
        assert_eq!(tidy("  My phone\n"), "My phone");
        assert_eq!(tidy("\u{0}\u{7}"), UNNAMED);
        assert_eq!(tidy(&"é".repeat(1000)).chars().count(), LONGEST_NAME);
    }
}
