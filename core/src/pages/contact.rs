//! Whom to ask, as links where it is clear what a part of the text is: an address, a telephone number, an e-mail address.
//! Whatever else a policy says stays text, so no other scheme than these can ever be in a page.

/// A part of the contact's text. All of them in a row are the text.
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    /// `https:`, `mailto:` or `tel:`.
    pub(super) target: Option<String>,
}

/// Takes the text apart at commas and what surrounds them.
pub(super) fn parts(contact: Option<&str>) -> Vec<Part<'_>> {
    let Some(contact) = contact else { return Vec::new() };
    let mut parts = Vec::new();
    for piece in contact.split_inclusive([',', ';']) {
        let text = piece.trim_matches(|c: char| c.is_whitespace() || c == ',' || c == ';');
        match (target(text), piece.split_once(text)) {
            (Some(target), Some((before, after))) => {
                parts.push(Part { text: before, target: None });
                parts.push(Part { text, target: Some(target) });
                parts.push(Part { text: after, target: None });
            }
            _ => parts.push(Part { text: piece, target: None }),
        }
    }
    parts
}

fn target(text: &str) -> Option<String> {
    if text.starts_with("https://") {
        return is_address(text).then(|| text.to_owned());
    }
    if is_mail(text) {
        return Some(format!("mailto:{text}"));
    }
    telephone(text).map(|number| format!("tel:{number}"))
}

/// Visible ASCII with a host in it, and nothing that could end an attribute.
fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    let visible =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\'));
    visible && host.starts_with(|first: char| first.is_ascii_alphanumeric()) && host.bytes().all(named)
}

/// The plain form that people write: no quoting, no header fields in a query.
fn is_mail(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let in_local = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !local.is_empty() && local.bytes().all(in_local) && host.contains('.') && host.bytes().all(in_host)
}

/// The digits of a telephone number, with a leading `+` if it has one. Five at least: shorter numbers are rooms and floors.
fn telephone(text: &str) -> Option<String> {
    let (plus, rest) = text.strip_prefix('+').map_or(("", text), |rest| ("+", rest));
    let known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')');
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    (rest.chars().all(known) && (5..=15).contains(&digits.len())).then(|| format!("{plus}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_clear_becomes_a_link() {
        let cases = [
            ("help desk, +1 555 0100", vec!["tel:+15550100"]),
            ("desk@example.com", vec!["mailto:desk@example.com"]),
            ("https://help.example.com/passes?x=1", vec!["https://help.example.com/passes?x=1"]),
            ("Zoë (room 12); (030) 123-45 67", vec!["tel:0301234567"]),
            ("desk@example.com, 0301234567", vec!["mailto:desk@example.com", "tel:0301234567"]),
            ("room 12, 12", vec![]),
            ("http://help.example.com", vec![]),
            ("javascript:alert(1)", vec![]),
            ("https://\"onclick=x", vec![]),
            ("https://user@evil.example", vec![]),
            ("https:///x", vec![]),
            ("a@b.example?bcc=all@b.example", vec![]),
            ("data:text/html;base64,AAAA", vec![]),
            ("", vec![]),
            (",,;", vec![]),
        ];
        for (contact, targets) in cases {
            let parts = parts(Some(contact));
            assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), contact);
            assert_eq!(
                parts.iter().filter_map(|part| part.target.as_deref()).collect::<Vec<_>>(),
                targets,
                "{contact}"
            );
        }
        assert!(parts(None).is_empty());
    }
}
