//! A request of a case as bytes of HTTP/1.1, and the answer that comes back. No client library in between: a case may hold
//! what a well-behaved one would mend or refuse.

use tapgate_cases::site::{Headers, Sent};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// The bytes of a request.
pub(crate) fn request(sent: &Sent) -> Vec<u8> {
    let names = |name: &str| sent.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let target = if sent.method == "CONNECT" { &sent.authority } else { &sent.path };
    let mut head = format!("{} {target} HTTP/1.1\r\nhost: {}\r\n", sent.method, sent.authority);
    let mut field = |name: &str, value: &str| head.extend([name, ": ", value, "\r\n"]);
    for (name, value) in &sent.headers {
        field(name, value);
    }
    if let Some(body) = &sent.body
        && !names("content-length")
    {
        field("content-length", &body.len().to_string());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(sent.body.as_deref().unwrap_or_default());
    bytes
}

/// The answer to a request with this method, once all of it is there.
pub(crate) fn answer(method: &str, bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers: Headers = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let value = |name| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let rest = &bytes[end + 4..];
    let body = if method == "HEAD" || matches!(status, 101 | 204 | 304) {
        Vec::new()
    } else if value("transfer-encoding") == Some("chunked") {
        whole_chunks(rest)?
    } else {
        rest.get(..value("content-length")?.parse().ok()?)?.to_vec()
    };
    Some(Answer { status, headers, body })
}

/// A body in chunks, once the last one is there.
fn whole_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|end| end == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-length: 2\r\ncontent-length: 2\r\na: b:c\r\n\r\nok";
        let found = answer("GET", plain).unwrap();
        assert_eq!((found.status, found.body.as_slice()), (200, &b"ok"[..]));
        assert_eq!(found.headers.last(), Some(&("a".to_owned(), "b:c".to_owned())));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n";
        assert_eq!(answer("GET", chunked).unwrap().body, b"ok!");
        for whole in [&plain[..], &chunked[..chunked.len() - 2]] {
            for length in 0..whole.len() {
                assert_eq!(answer("GET", &whole[..length]), None, "{length}");
            }
        }
        assert_eq!(answer("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").unwrap().body, b"");
    }

    #[test]
    fn a_request_goes_out_as_the_case_has_it() {
        let mut sent = Sent {
            method: "POST".to_owned(),
            path: "/a/../b".to_owned(),
            authority: "gate.example".to_owned(),
            headers: vec![("Cookie".to_owned(), "a=1".to_owned()), ("cookie".to_owned(), "b=2".to_owned())],
            body: Some(b"x".to_vec()),
        };
        let expected =
            "POST /a/../b HTTP/1.1\r\nhost: gate.example\r\nCookie: a=1\r\ncookie: b=2\r\ncontent-length: 1\r\n\r\nx";
        assert_eq!(String::from_utf8_lossy(&request(&sent)), expected);
        sent = Sent { method: "CONNECT".to_owned(), path: String::new(), headers: Vec::new(), body: None, ..sent };
        assert_eq!(request(&sent), b"CONNECT gate.example HTTP/1.1\r\nhost: gate.example\r\n\r\n");
    }
}
