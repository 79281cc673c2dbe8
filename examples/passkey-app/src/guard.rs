//! What holds for every request, before any handler: changes come from our own pages, a registering person registers and does nothing
//! else, and every answer carries the headers that keep a page to itself.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::failure::Failure;
use crate::visitor::Visitor;

/// Scripts, styles and requests of our own only; nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const PASSKEYS_ONLY_HERE: HeaderValue =
    HeaderValue::from_static("publickey-credentials-create=(self), publickey-credentials-get=(self)");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a registering person may reach here. The gate's policy says so too (`registration.allow`); an application that relies on that
/// alone has no second lock.
const REGISTRATION: &[&str] = &["/register", "/webauthn/register/start", "/webauthn/register/finish"];
/// Style and scripts: alike for everybody, so nobody is asked who they are.
const ASSETS: &str = "/assets/";

/// The layer around all handlers. They find the [`Visitor`] in the request's extensions.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let scripted = request.uri().path().starts_with("/webauthn/");
    let (mut answer, registering) = match admitted(&app, request).await {
        Ok((request, visitor)) => {
            let registering = visitor.registering().is_some();
            let reachable = REGISTRATION.contains(&request.uri().path()) || request.uri().path().starts_with(ASSETS);
            let answer = match (registering && !reachable, request.method() == Method::GET) {
                (false, _) => next.run(request).await,
                (true, true) if !scripted => Redirect::to("/register").into_response(),
                (true, _) if scripted => Failure::Forbidden.json(),
                (true, _) => Failure::Forbidden.page(),
            };
            (answer, registering)
        }
        Err(failure) if scripted => (failure.json(), false),
        Err(failure) => (failure.page(), false),
    };
    let headers = answer.headers_mut();
    if registering {
        // Whatever a handler came to do: a cookie that outlives the registration opens the site past the gate and its deadline.
        headers.remove(SET_COOKIE);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS, PASSKEYS_ONLY_HERE);
    answer
}

async fn admitted(app: &App, mut request: Request) -> Result<(Request, Visitor), Failure> {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !looks && !from_here(&app.site.origins, request.headers()) {
        return Err(Failure::CrossSite);
    }
    let visitor = if request.uri().path().starts_with(ASSETS) {
        Visitor::Anonymous
    } else {
        Visitor::of(app, request.headers()).await?
    };
    request.extensions_mut().insert(visitor.clone());
    Ok((request, visitor))
}

/// Whether a change is asked for by a page of ours. Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`; whoever says neither is
/// not believed.
fn from_here(origins: &[String], headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(FETCH_SITE).iter();
    match (sites.next(), sites.next()) {
        (Some(site), None) => site == "same-origin",
        (Some(_), Some(_)) => false,
        (None, _) => {
            let mut said = headers.get_all(ORIGIN).iter();
            match (said.next(), said.next()) {
                (Some(origin), None) => origins.iter().any(|known| origin == known.as_str()),
                _ => false,
            }
        }
    }
}
