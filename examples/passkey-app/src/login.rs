//! Signing in with a passkey, and out again.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use tapgate_example_app::cookie;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PasskeyAuthentication, PublicKeyCredential};

use crate::failure::{Failure, JsonFailure};
use crate::pages::{SignIn, page};
use crate::store::{Kept, LOGIN};
use crate::visitor::{SESSION, Visitor};
use crate::{App, CEREMONY, Shared, token};

/// The cookie that binds a challenge to the browser that asked for it.
const CEREMONY_COOKIE: &str = "__Host-passkey-ceremony";
/// How long a user name may be, in bytes: the gate takes none that is longer.
const LONGEST_USER: usize = 256;

/// A sign-in that has begun.
pub(crate) enum Ceremony {
    /// Whoever the authenticator says, with a passkey that it remembers.
    Anybody(DiscoverableAuthentication),
    /// The user who was named, with one of these.
    Known { state: PasskeyAuthentication, passkeys: Vec<Kept> },
}

/// What the page sends to begin.
#[derive(Deserialize)]
pub(crate) struct Start {
    #[serde(default)]
    username: String,
}

/// What it sends when the authenticator has answered.
#[derive(Deserialize)]
pub(crate) struct Finish {
    credential: PublicKeyCredential,
}

/// `GET /login`
pub(crate) async fn show(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Response {
    match visitor.signed_in() {
        Some(_) => Redirect::to("/").into_response(),
        None => page(StatusCode::OK, &SignIn { site: &app.site }),
    }
}

/// `POST /webauthn/login/start`: what `navigator.credentials.get` needs.
///
/// A name that nobody has gets the same answer as one that somebody has, with a decoy for a passkey, the same each time.
pub(crate) async fn start(
    State(app): State<App>,
    body: Result<Json<Start>, JsonRejection>,
) -> Result<Response, JsonFailure> {
    let Json(Start { username }) = body?;
    let username = username.trim();
    if username.len() > LONGEST_USER {
        return Err(Failure::Unreadable(StatusCode::BAD_REQUEST).into());
    }
    let passkeys = if username.is_empty() { Vec::new() } else { app.store.passkeys(username).await? };
    let (options, ceremony) = if passkeys.is_empty() {
        let (mut options, state) = app.webauthn.start_discoverable_authentication()?;
        options.mediation = None;
        options.public_key.extensions = None;
        let mut options = serde_json::to_value(options).map_err(|_| Failure::Impossible)?;
        if !username.is_empty() {
            allow(&mut options, json!([decoy(&app, username)]));
        }
        (options, Ceremony::Anybody(state))
    } else {
        let keys: Vec<Passkey> = passkeys.iter().map(|one| one.passkey.clone()).collect();
        let (options, state) = app.webauthn.start_passkey_authentication(&keys)?;
        let mut options = serde_json::to_value(options).map_err(|_| Failure::Impossible)?;
        let ids = keys.iter().map(|key| descriptor(key.cred_id().as_ref())).collect();
        allow(&mut options, ids);
        (options, Ceremony::Known { state, passkeys })
    };
    let whose = token::random()?;
    let set =
        format!("{CEREMONY_COOKIE}={whose}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age={}", CEREMONY.as_secs());
    app.logins.begin(token::text(&token::kept(&whose)), ceremony);
    Ok(([(SET_COOKIE, set)], Json(json!({ "options": options }))).into_response())
}

/// `POST /webauthn/login/finish`: a new session of the application's own, if the passkey is right.
pub(crate) async fn finish(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<Finish>, JsonRejection>,
) -> Result<Response, JsonFailure> {
    let whose = cookie(&headers, CEREMONY_COOKIE).map(|whose| token::text(&token::kept(whose)));
    // Taken before anything is read of what was sent: a challenge is good for one try.
    let begun = whose.and_then(|whose| app.logins.take(&whose));
    let Json(Finish { credential }) = body?;
    let used = verified(&app, begun.ok_or(Failure::StartAgain)?, &credential).await?;
    let former = cookie(&headers, SESSION).map(token::kept);
    let token = app.store.sign_in(used, former).await?.ok_or(Failure::StartAgain)?;
    let cookies = AppendHeaders([
        (SET_COOKIE, format!("{SESSION}={token}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={LOGIN}")),
        (SET_COOKIE, gone(CEREMONY_COOKIE)),
    ]);
    Ok((cookies, Json(json!({ "next": "/" }))).into_response())
}

/// `POST /sign-out`: ends the application's own session. One of the gate's is ended at the gate.
pub(crate) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(token) = cookie(&headers, SESSION) {
        app.store.sign_out(token::kept(token)).await?;
    }
    Ok(([(SET_COOKIE, gone(SESSION))], Redirect::to("/login")).into_response())
}

/// The passkey that has answered, with its counter moved on. A counter that has not moved on is refused by the library: there are two of
/// what should be one.
async fn verified(app: &Shared, begun: Ceremony, credential: &PublicKeyCredential) -> Result<Kept, Failure> {
    let (mut used, result) = match begun {
        Ceremony::Anybody(state) => {
            let (handle, id) = app.webauthn.identify_discoverable_authentication(credential)?;
            let used = app.store.passkey(handle, id).await?.ok_or(Failure::UnknownPasskey)?;
            let result = app.webauthn.finish_discoverable_authentication_v2(credential, state, &used.passkey)?;
            (used, result)
        }
        Ceremony::Known { state, passkeys } => {
            let result = app.webauthn.finish_passkey_authentication(credential, &state)?;
            let used = passkeys.into_iter().find(|one| one.passkey.cred_id() == result.cred_id());
            (used.ok_or(Failure::UnknownPasskey)?, result)
        }
    };
    used.passkey.update_credential(&result);
    Ok(used)
}

/// The passkeys that may answer.
fn allow(options: &mut Value, ids: Value) {
    if let Some(Value::Object(options)) = options.pointer_mut("/publicKey") {
        options.insert("allowCredentials".to_owned(), ids);
    }
}

fn descriptor(id: &[u8]) -> Value {
    json!({ "type": "public-key", "id": token::text(id) })
}

/// What could be the passkey of a user whom nobody knows.
fn decoy(app: &Shared, username: &str) -> Value {
    descriptor(&token::derived(app.store.secret(), &username.to_ascii_lowercase()))
}

/// The end of a cookie.
fn gone(name: &str) -> String {
    format!("{name}=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0")
}
