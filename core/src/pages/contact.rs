//! Whom to ask, as something to press where it is an address, a telephone number or a page.

/// What the policy's `pages.contact` says.
pub(super) struct Contact<'a> {
    pub(super) text: &'a str,
    /// Where it leads; `None` for words.
    pub(super) href: Option<String>,
}

impl<'a> Contact<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let href = if is_page(text) {
            Some(text.to_owned())
        } else if is_address(text) {
            Some(format!("mailto:{text}"))
        } else {
            number(text).map(|number| format!("tel:{number}"))
        };
        Self { text, href }
    }
}

/// `https` only: nothing else is safe to press.
fn is_page(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`');
    text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

/// A plain address, in which nothing needs to be escaped.
fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
    text.split_once('@').is_some_and(|(name, host)| part(name) && part(host) && host.contains('.'))
}

/// The digits of a telephone number, with a plus before them if there is one.
fn number(text: &str) -> Option<String> {
    let written = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')');
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let plus = if rest.len() < text.len() { "+" } else { "" };
    ((5..=15).contains(&digits.len()) && rest.bytes().all(written)).then(|| format!("{plus}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_pressed_leads_somewhere_safe() {
        for (text, href) in [
            ("desk@example.com", Some("mailto:desk@example.com")),
            ("+1 555 010-0100", Some("tel:+15550100100")),
            ("(0711) 123/456", Some("tel:0711123456")),
            ("https://help.example.com/day-one?x=1&y=2", Some("https://help.example.com/day-one?x=1&y=2")),
            ("help desk, +1 555 0100", None),
            ("http://help.example.com", None),
            ("javascript:alert(1)", None),
            ("https://", None),
            ("https://x\"onclick=\"", None),
            ("a@b", None),
            ("a@b.c?subject=x", None),
            ("1234", None),
            ("your manager", None),
        ] {
            assert_eq!(Contact::of(text).href.as_deref(), href, "{text}");
        }
    }
}
