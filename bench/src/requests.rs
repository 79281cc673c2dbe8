//! The requests, the same under every host: a browser's page, and a sign-in.
//!
//! All pages are equally long: each carries a token and a cookie of a session's length, so that what a path costs more than
//! another is what its filter does with the request, not what Envoy does to read it.

use anyhow::{Context, Result};
use bytes::Bytes;
use hyper::Request;
use hyper::header::{HeaderName, HeaderValue};
use tapgate_host_tests::gate::AUTHORITY;

use crate::path::Path;

/// The page that everybody asks for; a registering session may.
pub const PAGE: &str = "/register";
/// The plugin's own page, where passes are presented.
pub const SIGN_IN: &str = "/.tap/sign-in";
/// The header in which the application says in which state it was told that the person is.
pub const APPLICATION_SAW: &str = "application-saw";
/// What it says of somebody who has none.
pub const NOBODY: &str = "nobody";

/// A cookie of the application's, which the plugin has nothing to do with.
const COOKIE: &str = "application=";

/// A request and what must come back.
#[derive(Clone, Debug)]
pub struct Call {
    /// The request.
    pub request: Request<Bytes>,
    /// The answer's status.
    pub status: u16,
    /// A header field of the answer by which this path is told from others, and its value.
    pub mark: Option<(&'static str, &'static str)>,
}

/// What the people of a round hold.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// A token that `jwt_authn` takes.
    pub token: String,
    /// The cookie (`name=value`) of a session that may only register.
    pub registering: String,
    /// The cookie of a session that has registered.
    pub registered: String,
    /// A pass to sign in with.
    pub pass: String,
}

impl Call {
    /// A page, asked for with this cookie (`name=value`); the application must see the person in this state.
    ///
    /// # Errors
    /// If the cookie cannot stand in a header.
    pub fn page(cookie: &str, saw: &'static str) -> Result<Self> {
        let request = browser(Request::get(PAGE), "none", &[("cookie", cookie)])?;
        let request = request.body(Bytes::new()).context("a request for a page")?;
        Ok(Self { request, status: 200, mark: Some((APPLICATION_SAW, saw)) })
    }

    /// With a token.
    fn token(mut self, token: &str) -> Result<Self> {
        let token = format!("Bearer {token}").parse().context("a token for a header")?;
        self.request.headers_mut().insert("authorization", token);
        Ok(self)
    }

    /// A sign-in with a pass, which the gate must answer.
    ///
    /// # Errors
    /// Never: a pass stands in the body, whatever it is.
    pub fn sign_in(pass: &str) -> Result<Self> {
        let fields = [("username", ""), ("pass", pass)];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = format!("https://{AUTHORITY}");
        let fields = [("origin", origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let request = browser(Request::post(SIGN_IN), "same-origin", &fields)?;
        let request = request.body(Bytes::from(body)).context("a sign-in")?;
        Ok(Self { request, status: 303, mark: Some(("location", PAGE)) })
    }
}

impl Credentials {
    /// The request of a path.
    ///
    /// # Errors
    /// If what people hold cannot stand in a header.
    pub fn call(&self, path: Path) -> Result<Call> {
        match path {
            Path::Bare | Path::Noop | Path::JwtAuthn | Path::Anonymous => self.page(&self.no_session(), NOBODY),
            Path::Registering => self.page(&self.registering, "registering"),
            Path::Registered => self.page(&self.registered, "registered"),
            Path::SignIn => Call::sign_in(&self.pass),
            Path::BareSignIn => Ok(Call { mark: None, ..Call::sign_in(&self.pass)? }),
        }
    }

    /// A cookie that is no session's, as long as one.
    fn no_session(&self) -> String {
        let rest = self.registering.len().saturating_sub(COOKIE.len());
        format!("{COOKIE}{}", "0".repeat(rest))
    }

    fn page(&self, cookie: &str, saw: &'static str) -> Result<Call> {
        Call::page(cookie, saw)?.token(&self.token)
    }
}

/// A navigation as browsers send it, with more header fields.
fn browser(
    request: hyper::http::request::Builder,
    site: &str,
    fields: &[(&str, &str)],
) -> Result<hyper::http::request::Builder> {
    let always = [
        ("host", AUTHORITY),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.9"),
        ("accept-encoding", "gzip, deflate, br"),
        ("upgrade-insecure-requests", "1"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", site),
        ("sec-fetch-user", "?1"),
    ];
    always.iter().chain(fields).try_fold(request, |request, (name, value)| {
        let name: HeaderName = name.parse().context("a header name")?;
        let value: HeaderValue = value.parse().context("a header value")?;
        Ok(request.header(name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            token: "a.b.c".to_owned(),
            registering: format!("__Host-tapgate={}", "r".repeat(300)),
            registered: format!("__Host-tapgate={}", "R".repeat(300)),
            pass: "d.e.f+g".to_owned(),
        }
    }

    fn size(path: Path) -> usize {
        let request = credentials().call(path).unwrap().request;
        let lengths = request.headers().iter().flat_map(|(name, value)| [name.as_str().len(), value.len()]);
        lengths.sum()
    }

    #[test]
    fn all_pages_are_equally_long() {
        for path in [Path::Noop, Path::JwtAuthn, Path::Anonymous, Path::Registering, Path::Registered] {
            assert_eq!(size(path), size(Path::Bare), "{path:?}");
        }
    }

    /// A path and what it is held against send the same, and differ by the answer that they must get.
    #[test]
    fn a_baseline_is_the_same_request() {
        for path in Path::ALL {
            let Some(baseline) = path.baseline() else { continue };
            assert_eq!(size(path), size(baseline), "{path:?}");
            let [one, other] = [path, baseline].map(|path| credentials().call(path).unwrap());
            assert_eq!((one.request.uri(), one.status), (other.request.uri(), other.status), "{path:?}");
        }
        let marks = [Path::Bare, Path::Registering, Path::Registered, Path::SignIn, Path::BareSignIn]
            .map(|path| credentials().call(path).unwrap().mark);
        for (place, mark) in marks.iter().enumerate() {
            assert!(!marks[..place].contains(mark), "{mark:?} tells two paths");
        }
    }
}
