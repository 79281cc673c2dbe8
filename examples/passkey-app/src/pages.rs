//! How pages are answered: templates, which the template engine escapes, and the assets. `guard` adds the headers.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

use crate::Site;
use crate::store::Kept;

/// The home page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct Home<'a> {
    pub(crate) site: &'a Site,
    pub(crate) user: Option<&'a str>,
    /// Whether the session is the gate's (its sign-out then) or the application's own.
    pub(crate) by_gate: bool,
}

/// The page of a registering person.
#[derive(Template)]
#[template(path = "register.html")]
pub(crate) struct Register<'a> {
    pub(crate) site: &'a Site,
    pub(crate) user: &'a str,
}

/// The same page for somebody who has no pass.
#[derive(Template)]
#[template(path = "no_pass.html")]
pub(crate) struct NoPass<'a> {
    pub(crate) site: &'a Site,
}

/// The same page for somebody who has as many passkeys as one may have.
#[derive(Template)]
#[template(path = "no_room.html")]
pub(crate) struct NoRoom<'a> {
    pub(crate) site: &'a Site,
    pub(crate) user: &'a str,
}

/// The sign-in page.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) site: &'a Site,
}

/// One's own passkeys.
#[derive(Template)]
#[template(path = "passkeys.html")]
pub(crate) struct Passkeys<'a> {
    pub(crate) site: &'a Site,
    pub(crate) user: &'a str,
    pub(crate) by_gate: bool,
    pub(crate) passkeys: &'a [Kept],
}

/// The question before the last one goes.
#[derive(Template)]
#[template(path = "last_one.html")]
pub(crate) struct LastOne<'a> {
    pub(crate) site: &'a Site,
    pub(crate) id: i64,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    message: &'a str,
}

/// Renders a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page that says what went wrong.
pub(crate) fn problem(status: StatusCode, message: &str) -> Response {
    page(status, &Problem { message })
}

/// What is not there.
pub(crate) async fn nothing_here() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such page")
}

/// `GET /assets/NAME`
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let (kind, text) = match name.as_str() {
        "app.css" => ("text/css; charset=utf-8", include_str!("../assets/app.css")),
        "ceremony.js" => (SCRIPT, include_str!("../assets/ceremony.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../assets/icon.svg")),
        "login.js" => (SCRIPT, include_str!("../assets/login.js")),
        "passkeys.js" => (SCRIPT, include_str!("../assets/passkeys.js")),
        "register.js" => (SCRIPT, include_str!("../assets/register.js")),
        _ => return nothing_here().await,
    };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text).into_response()
}

/// A time for machines: RFC 3339.
fn machine(seconds: &i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(*seconds)
        .ok()
        .and_then(|time| time.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}

/// The same for people: day and minute, UTC.
fn people(seconds: &i64) -> String {
    let text = machine(seconds);
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_twice() {
        assert_eq!(machine(&0), "1970-01-01T00:00:00Z");
        assert_eq!(people(&86_460), "1970-01-02 00:01 UTC");
        assert_eq!(people(&i64::MAX), "");
    }
}
