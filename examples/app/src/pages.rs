//! How pages are answered: templates (escaped by the template engine), the headers that go with them, the two assets.

use askama::Template;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

/// Scripts, styles and requests of our own only.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The home page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct Home<'a> {
    pub(crate) user: Option<&'a str>,
    /// Whether the session is the gate's (its sign-out then) or the application's own.
    pub(crate) by_gate: bool,
}

/// The sign-in form.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) problem: Option<&'a str>,
}

/// The page of a registering person.
#[derive(Template)]
#[template(path = "register.html")]
pub(crate) struct Register<'a> {
    pub(crate) user: &'a str,
}

/// What a person sees after registering: the code, this once.
#[derive(Template)]
#[template(path = "registered.html")]
pub(crate) struct Registered<'a> {
    pub(crate) user: &'a str,
    pub(crate) code: &'a str,
}

/// The page of a person who is signed in.
#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct Account<'a> {
    pub(crate) user: &'a str,
    pub(crate) by_gate: bool,
}

/// Renders a page that no cache keeps.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let headers =
                [(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "same-origin")];
            (status, headers, Html(html)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the caller is a browser that shows a page, rather than a script that reads JSON.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// `GET /assets/app.css`
pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../assets/app.css"))
}

/// `GET /assets/countdown.js`
pub(crate) async fn countdown() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../assets/countdown.js"))
}
