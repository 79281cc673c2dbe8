//! A request as the rules see it: borrowed bytes, read once. What duplicates, case and absence mean is decided here.

use crate::headers::Header;
use crate::json::Object;
use crate::path::without_query;
use crate::protobuf;

/// A view of a request's header map, pseudo-headers included, in the order and spelling in which they came.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    headers: &'a [Header<'a>],
    metadata: Metadata,
}

/// What the proxy's other filters say of a request: an `envoy.config.core.v3.Metadata`, serialized; nothing where there is none.
/// It is the proxy's word, never a header's, and asked for only where it matters.
pub type Metadata = fn() -> Vec<u8>;

/// What stands under a header's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// No such header.
    Absent,
    /// Exactly one.
    One(&'a [u8]),
    /// Several: readers might pick different ones.
    Several,
}

impl<'a> Field<'a> {
    /// The value, if there is exactly one.
    #[must_use]
    pub fn one(self) -> Option<&'a [u8]> {
        match self {
            Self::One(value) => Some(value),
            Self::Absent | Self::Several => None,
        }
    }
}

/// What a body that may hold a pass is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl<'a> RequestView<'a> {
    /// Looks at a request's headers.
    #[must_use]
    pub fn new(headers: &'a [Header<'a>]) -> Self {
        Self { headers, metadata: Vec::new }
    }

    /// Likewise with what other filters say of it.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata, ..self }
    }

    /// The claims of a token that the proxy's own `jwt_authn` filter has verified and keeps under this name.
    pub(crate) fn verified_claims(&self, provider: &str) -> Option<Object> {
        protobuf::metadata_of(&(self.metadata)(), "envoy.filters.http.jwt_authn", provider)
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &'a [Header<'a>] {
        self.headers
    }

    /// What stands under this name (given in lower case).
    #[must_use]
    pub fn field(&self, name: &str) -> Field<'a> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        match (values.next(), values.next()) {
            (None, _) => Field::Absent,
            (Some((_, value)), None) => Field::One(value),
            (Some(_), Some(_)) => Field::Several,
        }
    }

    /// `:method`; `None` if the map is empty or broken, which a rule takes as a reason to refuse.
    #[must_use]
    pub fn method(&self) -> Option<&'a [u8]> {
        self.field(":method").one()
    }

    /// The path without its query; empty where there is none, as with `CONNECT`.
    #[must_use]
    pub fn path(&self) -> &'a [u8] {
        without_query(self.field(":path").one().unwrap_or_default())
    }

    /// The value of a query parameter, decoded; what it may be is checked by whoever asks.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let target = self.field(":path").one()?;
        let query = target.get(self.path().len().saturating_add(1)..)?;
        form_urlencoded::parse(query).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// `:authority`; empty where there is none.
    #[must_use]
    pub fn authority(&self) -> &'a [u8] {
        self.field(":authority").one().unwrap_or_default()
    }

    /// Whether the request's method promises to change no state: GET or HEAD (4.2).
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method(), Some(b"GET" | b"HEAD"))
    }

    /// Whether the connection would become something else than requests and answers.
    #[must_use]
    pub fn is_tunnel(&self) -> bool {
        self.method() == Some(b"CONNECT")
            || self.field("upgrade") != Field::Absent
            || self.field(":protocol") != Field::Absent
    }

    /// Whether a browser is on its way to a page (5.2): by Fetch metadata, or without any by what it wants to be answered.
    #[must_use]
    pub fn is_navigation(&self) -> bool {
        match self.field("sec-fetch-mode") {
            Field::One(mode) => mode == b"navigate",
            Field::Several => false,
            Field::Absent => self.preference() == Preference::Html,
        }
    }

    /// Whether the caller ranks a JSON type above `text/html` (4.5).
    #[must_use]
    pub fn prefers_json(&self) -> bool {
        self.preference() == Preference::Json
    }

    /// Whether another site's page sent this request (4.2).
    #[must_use]
    pub fn is_cross_site(&self) -> bool {
        match (self.field("sec-fetch-site"), self.field("origin")) {
            (Field::One(site), _) => !matches!(site, b"same-origin" | b"none"),
            (Field::Absent, Field::Absent) => false,
            (Field::Absent, Field::One(origin)) => !self.is_own_origin(origin),
            (Field::Several, _) | (Field::Absent, Field::Several) => true,
        }
    }

    fn is_own_origin(&self, origin: &[u8]) -> bool {
        let authority = self.authority();
        let same = |port: &[u8], host: &[u8]| {
            let own = authority.to_ascii_lowercase();
            let bare = |text: &[u8]| text.strip_suffix(port).unwrap_or(text).to_owned();
            bare(&own) == bare(&host.to_ascii_lowercase())
        };
        if let Some(host) = origin.strip_prefix(b"https://") {
            same(b":443", host)
        } else if let Some(host) = origin.strip_prefix(b"http://") {
            is_loopback(host_of(authority)) && same(b":80", host)
        } else {
            false
        }
    }

    /// What the body is written in, if it is something that can hold a pass.
    #[must_use]
    pub fn body_format(&self) -> Option<BodyFormat> {
        let essence = self.field("content-type").one()?.split(|byte| *byte == b';').next()?.trim_ascii();
        if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Some(BodyFormat::Form)
        } else if essence.eq_ignore_ascii_case(b"application/json") {
            Some(BodyFormat::Json)
        } else {
            None
        }
    }

    /// The announced length of the body, if there is a readable one.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        std::str::from_utf8(self.field("content-length").one()?).ok()?.parse().ok()
    }

    fn preference(&self) -> Preference {
        let accept = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"accept"));
        let ranges = accept.flat_map(|(_, value)| value.split(|byte| *byte == b','));
        let (mut json, mut html) = (Rank::default(), Rank::default());
        for range in ranges {
            let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(quality).unwrap_or(1000);
            match essence.as_slice() {
                b"text/html" | b"application/xhtml+xml" => html.exact(quality),
                b"text/*" => html.wild(quality),
                b"application/*" => json.wild(quality),
                b"*/*" => {
                    html.wild(quality);
                    json.wild(quality);
                }
                other if other == b"application/json" || other.ends_with(b"+json") => json.exact(quality),
                _ => {}
            }
        }
        match json.value().cmp(&html.value()) {
            std::cmp::Ordering::Greater => Preference::Json,
            std::cmp::Ordering::Less => Preference::Html,
            std::cmp::Ordering::Equal => Preference::Neither,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preference {
    Json,
    Html,
    Neither,
}

/// The quality of a media type in thousandths: what is said of it by name counts before what a wildcard says.
#[derive(Default)]
struct Rank {
    exact: Option<u16>,
    wild: Option<u16>,
}

impl Rank {
    fn exact(&mut self, quality: u16) {
        self.exact = self.exact.max(Some(quality));
    }

    fn wild(&mut self, quality: u16) {
        self.wild = self.wild.max(Some(quality));
    }

    fn value(&self) -> u16 {
        self.exact.or(self.wild).unwrap_or(0)
    }
}

/// A `q=` parameter in thousandths (RFC 9110, 12.4.2); what cannot be read counts as nothing.
pub(crate) fn quality(parameter: &[u8]) -> Option<u16> {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    let (whole, rest) = value.split_first()?;
    let mut thousandths: u16 = if *whole == b'1' { 1000 } else { 0 };
    for (digit, weight) in rest.strip_prefix(b".").unwrap_or_default().iter().zip([100_u16, 10, 1]) {
        let digit = u16::from(digit.wrapping_sub(b'0')).min(9);
        thousandths = thousandths.saturating_add(digit.saturating_mul(weight));
    }
    Some(thousandths.min(1000))
}

/// An authority without its port: `[::1]:8080` is `[::1]`.
#[must_use]
pub fn host_of(authority: &[u8]) -> &[u8] {
    let after_address = authority.iter().rposition(|byte| *byte == b']').map_or(0, |at| at.saturating_add(1));
    let colon = authority.iter().rposition(|byte| *byte == b':').filter(|at| *at >= after_address);
    colon.and_then(|at| authority.get(..at)).unwrap_or(authority)
}

fn is_loopback(host: &[u8]) -> bool {
    let host = host.to_ascii_lowercase();
    let dotted = |part: &[u8]| !part.is_empty() && part.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    host == b"localhost"
        || host == b"[::1]"
        || host.ends_with(b".localhost")
        || host.strip_prefix(b"127.").is_some_and(dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&str, &str)], check: impl FnOnce(RequestView<'_>)) {
        let headers: Vec<Header<'_>> = headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        check(RequestView::new(&headers));
    }

    #[test]
    fn a_browser_wants_html_and_an_api_client_json() {
        let cases = [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false, true),
            ("application/json", true, false),
            ("application/problem+json, text/html;q=0.9", true, false),
            ("application/json;q=0.5, text/html;q=0.6", false, true),
            ("*/*", false, false),
            ("application/json, */*;q=0.1", true, false),
            ("text/*", false, true),
            ("", false, false),
            ("text/html;q=0, application/json;q=0.001", true, false),
        ];
        for (accept, json, html) in cases {
            with(&[("accept", accept)], |request| {
                assert_eq!((request.prefers_json(), request.is_navigation()), (json, html), "{accept}");
            });
        }
    }

    #[test]
    fn fetch_metadata_decides_before_accept() {
        with(&[("sec-fetch-mode", "cors"), ("accept", "text/html")], |request| assert!(!request.is_navigation()));
        with(&[("sec-fetch-mode", "navigate")], |request| assert!(request.is_navigation()));
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let cases: [(&[(&str, &str)], bool); 14] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://gate.example.com")], true),
            (&[("origin", "https://gate.example.com")], false),
            (&[("origin", "https://GATE.example.com:443")], false),
            (&[("origin", "http://gate.example.com")], true),
            (&[("origin", "https://gate.example.com.evil.example")], true),
            (&[("origin", "https://gate.example.com:8443")], true),
            (&[("origin", "null")], true),
            (&[("origin", "https://gate.example.com"), ("origin", "https://evil.example")], true),
        ];
        for (headers, cross_site) in cases {
            let mut headers = headers.to_vec();
            headers.push((":authority", "gate.example.com"));
            with(&headers, |request| assert_eq!(request.is_cross_site(), cross_site, "{headers:?}"));
        }
        for authority in ["localhost:10000", "127.0.0.1:10000", "[::1]:10000", "a.localhost:10000"] {
            let origin = format!("http://{authority}");
            with(&[(":authority", authority), ("origin", &origin)], |request| {
                assert!(!request.is_cross_site(), "{origin}");
            });
        }
        with(&[(":authority", "127.evil.example"), ("origin", "http://127.evil.example")], |request| {
            assert!(request.is_cross_site());
        });
    }

    #[test]
    fn a_host_is_an_authority_without_port() {
        for (authority, host) in
            [("a:1", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:", "a"), ("", "")]
        {
            assert_eq!(host_of(authority.as_bytes()), host.as_bytes(), "{authority}");
        }
    }
}
