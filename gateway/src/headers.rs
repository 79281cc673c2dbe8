//! Header maps on their way between HTTP and the filter: pseudo-headers, what belongs to a connection alone, and what the
//! gateway says of the client.

use std::net::SocketAddr;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Method, StatusCode, Uri, Version};
use tapgate_host::Headers;

/// Headers that concern one connection and go no further (RFC 9110, section 7.6.1).
const OF_A_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A request that cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A request's headers, as a filter sees them; what the client said about itself is replaced by what the gateway knows.
pub(crate) fn of_request(head: &request::Parts, client: SocketAddr, secure: bool) -> Result<Headers, Malformed> {
    let scheme = if secure { "https" } else { "http" };
    // On HTTP/1.1 a whole address may stand in place of the path: one that names another scheme asks for another place.
    if head.version < Version::HTTP_2 && head.uri.scheme_str().is_some_and(|named| named != scheme) {
        return Err(Malformed);
    }
    let authority = authority(head)?;
    let mut headers = Headers::new().with(":method", head.method.as_str()).with(":scheme", scheme);
    headers = headers.with(":authority", &authority);
    if head.method != Method::CONNECT {
        headers = headers.with(":path", head.uri.path_and_query().map_or("/", |path| path.as_str()));
    }
    let upgrade = wants_upgrade(&head.headers);
    for (name, value) in end_to_end(&head.headers) {
        let own = [header::HOST.as_str(), "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id"];
        if !own.contains(&name.as_str()) {
            headers.add(name.as_str().as_bytes(), value.as_bytes());
        }
    }
    if let Some(upgrade) = upgrade {
        headers = headers.with("connection", "upgrade").with("upgrade", upgrade.as_bytes());
    }
    Ok(headers
        .with("x-forwarded-for", client.ip().to_string())
        .with("x-forwarded-proto", scheme)
        .with("x-forwarded-host", authority)
        .with("x-request-id", request_id()))
}

/// Whom a request is for: the target's authority if it has one (RFC 9112, section 3.2.2), else the one `Host`.
fn authority(head: &request::Parts) -> Result<String, Malformed> {
    if let Some(authority) = head.uri.authority() {
        return Ok(authority.as_str().to_owned());
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map(str::to_owned).map_err(|_| Malformed),
        _ => Err(Malformed),
    }
}

/// The headers that are meant for the other end, whatever `Connection` may name.
fn end_to_end(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    headers.iter().filter(move |(name, _)| {
        !OF_A_CONNECTION.contains(&name.as_str()) && !named.iter().any(|one| one == name.as_str())
    })
}

/// The protocol that a request asks to change to.
pub(crate) fn wants_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut asks = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let asks = asks.any(|value| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("upgrade")));
    headers.get(header::UPGRADE).filter(|_| asks).cloned()
}

/// An identifier for logs, which decides nothing.
fn request_id() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return "none".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request's head for the application, as the filter has left it.
pub(crate) fn to_request(headers: &Headers, upstream: &Uri) -> Result<hyper::http::request::Builder, Malformed> {
    let method = headers.first(b":method").ok_or(Malformed)?;
    let path = headers.get(":path").ok_or(Malformed)?;
    let host = headers.get(":authority").ok_or(Malformed)?;
    let authority = upstream.authority().ok_or(Malformed)?.as_str();
    let uri = Uri::builder().scheme("http").authority(authority).path_and_query(path).build().map_err(|_| Malformed)?;
    let mut request = hyper::Request::builder().method(method).uri(uri).header(header::HOST, host);
    for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with(b":")) {
        request = request.header(name, value);
    }
    // The gateway takes trailers, whether or not it can pass them on.
    if headers.first(b"upgrade").is_none() {
        request = request.header(header::CONNECTION, "te").header(header::TE, "trailers");
    }
    Ok(request)
}

/// An answer's headers, as a filter sees them.
pub(crate) fn of_answer(status: StatusCode, headers: &HeaderMap) -> Headers {
    let mut seen = Headers::new().with(":status", status.as_str());
    for (name, value) in end_to_end(headers) {
        seen.add(name.as_str().as_bytes(), value.as_bytes());
    }
    if status == StatusCode::SWITCHING_PROTOCOLS
        && let Some(upgrade) = headers.get(header::UPGRADE)
    {
        seen = seen.with("connection", "upgrade").with("upgrade", upgrade.as_bytes());
    }
    seen
}

/// An answer's head for the client, as the filter has left it.
pub(crate) fn to_answer(headers: &Headers) -> Result<hyper::http::response::Builder, Malformed> {
    let status = headers.first(b":status").ok_or(Malformed)?;
    let mut answer = hyper::Response::builder().status(status);
    for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with(b":")) {
        answer = answer.header(name, value);
    }
    Ok(answer)
}

/// Trailers, in either direction.
pub(crate) fn of_trailers(trailers: &HeaderMap) -> Headers {
    end_to_end(trailers).map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// Trailers as HTTP has them. One that HTTP cannot carry is left out.
pub(crate) fn to_trailers(trailers: &Headers) -> HeaderMap {
    let read = |(name, value): (&[u8], &[u8])| {
        Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    let mut map = HeaderMap::new();
    for (name, value) in trailers.iter().filter_map(read) {
        map.append(name, value);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(request: hyper::http::request::Builder) -> request::Parts {
        request.body(()).unwrap().into_parts().0
    }

    fn seen(request: hyper::http::request::Builder) -> Headers {
        of_request(&parts(request), "192.0.2.7:4711".parse().unwrap(), true).unwrap()
    }

    #[test]
    fn what_concerns_a_connection_goes_no_further() {
        let request = hyper::Request::get("/a?b")
            .header("host", "gate.example.com")
            .header("connection", "close, Tapgate-User")
            .header("tapgate-user", "admin")
            .header("te", "trailers")
            .header("x-forwarded-for", "10.0.0.1")
            .header("cookie", "a=1");
        let seen = seen(request);
        assert_eq!(seen.get(":path").as_deref(), Some("/a?b"));
        assert_eq!(seen.get(":authority").as_deref(), Some("gate.example.com"));
        assert_eq!(seen.all("x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(seen.all("x-forwarded-proto"), ["https"]);
        assert_eq!(seen.get("cookie").as_deref(), Some("a=1"));
        for gone in ["connection", "tapgate-user", "te", "host"] {
            assert_eq!(seen.get(gone), None, "{gone}");
        }
    }

    #[test]
    fn an_upgrade_is_seen_as_one() {
        let request =
            hyper::Request::get("/").header("host", "a").header("connection", "Upgrade").header("upgrade", "websocket");
        assert_eq!(seen(request).get("upgrade").as_deref(), Some("websocket"));
        let without = hyper::Request::get("/").header("host", "a").header("upgrade", "websocket");
        assert_eq!(seen(without).get("upgrade"), None);
    }

    #[test]
    fn a_request_is_for_one_host() {
        let client = "192.0.2.7:4711".parse().unwrap();
        let of = |request: hyper::http::request::Builder| {
            of_request(&parts(request), client, false).map(|seen| seen.get(":authority").unwrap())
        };
        let absolute = |uri| hyper::Request::get(uri).header("host", "b.example");
        assert_eq!(of(absolute("http://a.example/x")), Ok("a.example".to_owned()));
        assert_eq!(of(absolute("https://a.example/x")), Err(Malformed), "the connection is a plain one");
        assert_eq!(of(hyper::Request::get("/").header("host", "a").header("host", "b")), Err(Malformed));
        assert_eq!(of(hyper::Request::get("/")), Err(Malformed));
    }
}
