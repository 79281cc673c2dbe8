//! An application behind the gate that registers real passkeys, to read and to copy from.
//!
//! What it does about the gate: `visitor` believes the assertion and nothing else, `guard` keeps a registering person to the
//! registration and their answers without cookies, `register` answers with the receipt. How an assertion is read and a receipt
//! written is in `tapgate_example_app::gate`, which needs nothing but a JWT library. The rest is an ordinary axum application: users,
//! passkeys and sign-ins in SQLite (`store`), ceremonies by webauthn-rs (`register`, `login`, `pending`), pages.

mod failure;
mod guard;
mod home;
mod login;
mod pages;
mod passkeys;
mod pending;
mod register;
mod store;
mod token;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tapgate_example_app::gate::Gate;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder, WebauthnError};

use crate::pending::Pending;
use crate::store::Store;
pub use crate::store::StoreError;

/// What any request may send, in bytes: a ceremony's answer is some 2 KiB.
const MOST_BODY: usize = 32 * 1024;
/// How many ceremonies of a kind may be under way at once.
const MOST_CEREMONIES: usize = 4096;
/// How long a challenge is good for.
const CEREMONY: Duration = Duration::from_secs(5 * 60);

/// What the application needs to know of the site that it is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The origins of its pages as browsers have them, for instance `https://gate.example.com`. The first is as good as any other.
    pub origins: Vec<String>,
    /// The domain that passkeys are bound to: the origins' host, or a parent domain of it.
    pub relying_party: String,
    /// What people call the site; authenticators show it.
    pub name: String,
    /// The gate's `basePath`.
    pub base_path: String,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No origin, or one that is no `https` one nor `http://localhost`.
    #[error("`{0}` is no origin: give `https://HOST` or `http://localhost:PORT`, without a path")]
    Origin(String),
    /// The relying party does not fit the origins.
    #[error("passkeys for `{0}` cannot be used at this origin: give the origin's host, or a parent domain")]
    RelyingParty(String, #[source] WebauthnError),
    /// The database does not open.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
}

/// What the handlers share.
struct Shared {
    gate: Gate,
    site: Site,
    webauthn: Webauthn,
    store: Store,
    registrations: Pending<register::Ceremony>,
    logins: Pending<login::Ceremony>,
}

type App = Arc<Shared>;

/// The application behind this gate, with its memory in the SQLite database at `database`.
///
/// # Errors
/// If the site is none, or the database does not open.
pub fn application(gate: Gate, site: Site, database: &std::path::Path) -> Result<Router, StartError> {
    let webauthn = relying_party(&site)?;
    let shared = Arc::new(Shared {
        gate,
        webauthn,
        store: Store::open(database)?,
        registrations: Pending::new(MOST_CEREMONIES, CEREMONY),
        logins: Pending::new(MOST_CEREMONIES, CEREMONY),
        site,
    });
    Ok(Router::new()
        .route("/", get(home::show))
        .route("/register", get(register::show))
        .route("/webauthn/register/start", post(register::start))
        .route("/webauthn/register/finish", post(register::finish))
        .route("/login", get(login::show))
        .route("/webauthn/login/start", post(login::start))
        .route("/webauthn/login/finish", post(login::finish))
        .route("/passkeys", get(passkeys::list))
        .route("/passkeys/remove", post(passkeys::remove))
        .route("/sign-out", post(login::sign_out))
        .route("/assets/{name}", get(pages::asset))
        .fallback(pages::nothing_here)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared))
}

/// The relying party of WebAuthn, which holds every answer of an authenticator to the site's origins.
fn relying_party(site: &Site) -> Result<Webauthn, StartError> {
    let origins = site.origins.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>()?;
    let Some((first, more)) = origins.split_first() else {
        return Err(StartError::Origin(String::new()));
    };
    let wrong = |error| StartError::RelyingParty(site.relying_party.clone(), error);
    let builder = WebauthnBuilder::new(&site.relying_party, first).map_err(wrong)?.rp_name(&site.name);
    let builder = more.iter().fold(builder, WebauthnBuilder::append_allowed_origin);
    builder.timeout(CEREMONY).build().map_err(wrong)
}

/// An origin at which browsers offer passkeys: a secure context.
fn origin(text: &str) -> Result<Url, StartError> {
    let refused = || StartError::Origin(text.to_owned());
    let url: Url = text.parse().map_err(|_| refused())?;
    let local = url.scheme() == "http" && url.host_str() == Some("localhost");
    let bare = url.origin().ascii_serialization() == text;
    if bare && (url.scheme() == "https" || local) { Ok(url) } else { Err(refused()) }
}

/// Seconds since 1970.
fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}
