//! How an exchange is printed: the request line, the headers that tell something, and no secret in full.

use hyper::StatusCode;
use serde_json::Value;

use crate::client::{Response, SetCookie};

/// Headers of an answer that tell what the gate did.
const TELLING: &[&str] =
    &["location", "content-type", "cache-control", "www-authenticate", "retry-after", "tapgate-receipt"];
/// Form and JSON fields that hold secrets.
const SECRET: &[&str] = &["pass", "code"];
/// How much of a secret is shown at either end, to tell it from another.
const GLIMPSE: usize = 4;
/// A secret shorter than this is not shown at all.
const SHORTEST: usize = 20;

/// The two ends of a secret, and how long it is.
pub(super) fn shortened(secret: &str) -> String {
    let length = secret.chars().count();
    if length < SHORTEST {
        return format!("…({length})");
    }
    let start: String = secret.chars().take(GLIMPSE).collect();
    let end: String = secret.chars().skip(length.saturating_sub(GLIMPSE)).collect();
    format!("{start}…{end}({length})")
}

/// A `Cookie` header's value.
pub(super) fn cookies(field: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", shortened(value)),
        None => shortened(pair),
    };
    field.split("; ").map(pair).collect::<Vec<_>>().join("; ")
}

/// A form's fields.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| {
        if SECRET.contains(name) { format!("{name}={}", shortened(value)) } else { format!("{name}={value}") }
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A JSON document on one line.
pub(super) fn json(value: &Value) -> String {
    let mut shown = value.clone();
    if let Value::Object(members) = &mut shown {
        for (name, member) in members {
            if let (true, Some(text)) = (SECRET.contains(&name.as_str()), member.as_str()) {
                *member = shortened(text).into();
            }
        }
    }
    shown.to_string()
}

/// An answer: status line, telling headers, cookies, and a line of its body.
pub(super) fn answer(response: &Response) -> Vec<String> {
    let reason = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let mut lines = vec![format!("{} {}", response.status, reason.unwrap_or_default())];
    for name in TELLING {
        lines.extend(response.all(name).iter().map(|value| format!("{name}: {value}")));
    }
    lines.extend(response.set_cookies().iter().map(set_cookie));
    lines.extend(body(response));
    lines
}

fn set_cookie(cookie: &SetCookie) -> String {
    let value = if cookie.value.is_empty() { String::new() } else { shortened(&cookie.value) };
    let mut line = format!("set-cookie: {}={value}", cookie.name);
    for (name, value) in &cookie.attributes {
        line.push_str("; ");
        line.push_str(name);
        if !value.is_empty() {
            line.push('=');
            line.push_str(value);
        }
    }
    line
}

/// JSON as it is, a page by its heading.
fn body(response: &Response) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(&response.body) {
        return Some(json(&value));
    }
    let text = response.text();
    let (_, heading) = text.split_once("<h1>")?;
    let (heading, _) = heading.split_once("</h1>")?;
    Some(format!("page: {}", heading.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_shortened_wherever_they_stand() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        let shown = [
            cookies(&format!("__Host-tapgate={secret}; app_session={secret}")),
            form(&[("username", "alice"), ("pass", secret)]),
            json(&json!({"user": "alice", "code": secret})),
            set_cookie(&SetCookie::read(&format!("a={secret}; Path=/; HttpOnly"))),
        ];
        for line in shown {
            assert!(!line.contains(secret) && line.contains("abcd…wxyz(26)"), "{line}");
        }
        assert_eq!(shortened("2222-3333-4444"), "…(14)");
    }

    #[test]
    fn what_is_no_secret_is_shown_whole() {
        assert_eq!(form(&[("username", "alice@example.com")]), "username=alice@example.com");
        assert_eq!(json(&json!({"reason": "already_used"})), r#"{"reason":"already_used"}"#);
    }
}
