//! Paths, matched as sent: byte for byte, segment by segment, nothing decoded, the query never looked at (5.1).
//!
//! What two readers could take for different paths is ambiguous and matches nothing.

use std::fmt;
use std::str::FromStr;

/// The path of a request target: what stands before the first `?`.
#[must_use]
pub fn without_query(target: &[u8]) -> &[u8] {
    target.split(|byte| *byte == b'?').next().unwrap_or(target)
}

/// Whether readers might disagree about which resource this path names (5.1).
///
/// `path` comes without its query. Ambiguous is: not origin-form, a `%` that is not two hex digits or that encodes an
/// ASCII byte, `//`, a segment `.` or `..`, and any of `;`, `\`, `#` and bytes that are not visible ASCII.
#[must_use]
pub fn is_ambiguous(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/") else { return true };
    if !rest.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b'\\' | b'#')) {
        return true;
    }
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        // An empty segment is `//`, unless it is the last: `/a/` ends in one.
        let inner_empty = segment.is_empty() && segments.peek().is_some();
        if inner_empty || segment == b"." || segment == b".." || has_ambiguous_escape(segment) {
            return true;
        }
    }
    false
}

fn has_ambiguous_escape(segment: &[u8]) -> bool {
    // What follows each `%`: two hex digits of which the first is 8 or more, or the escape is of an ASCII byte.
    segment.split(|byte| *byte == b'%').skip(1).any(|after| {
        let fine = matches!(after, [high, low, ..] if matches!(high, b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F') && low.is_ascii_hexdigit());
        !fine
    })
}

/// A local path: unambiguous, and without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

/// Why a text is no path of the wanted kind; `Display` is the mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError(&'static str);

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for PathError {}

impl FromStr for LocalPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.contains(['?', '*']) || text.len() > 512 || is_ambiguous(text.as_bytes()) {
            return Err(PathError(
                "a local path: `/` and segments of visible ASCII, without query, `*`, `//`, `.`, `..`, `;`, `\\`, `#` or an escaped ASCII byte",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl LocalPath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `path` (without query) is this path.
    #[must_use]
    pub fn is(&self, path: &[u8]) -> bool {
        self.0.as_bytes() == path
    }

    /// What comes after this path and a `/`, if `path` lies below it; the empty slice for the path itself.
    #[must_use]
    pub fn below<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let rest = path.strip_prefix(self.0.as_bytes())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path of a policy's `allow` list: exact, or everything below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPattern {
    /// This path only.
    Exact(LocalPath),
    /// `/a/*`: `/a/` and all below it, not `/a`. Kept with its last `/`.
    Below(String),
}

impl FromStr for PathPattern {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let Some(prefix) = text.strip_suffix('*') else { return text.parse().map(Self::Exact) };
        if prefix == "/" {
            return Err(PathError("a path narrower than `/*`, which would allow the whole site"));
        }
        let path: LocalPath =
            prefix.parse().map_err(|_| PathError("a local path whose `*` stands alone in its last segment"))?;
        if prefix.ends_with('/') {
            Ok(Self::Below(path.0))
        } else {
            Err(PathError("a `*` only as the whole of the last segment, as in `/assets/*`"))
        }
    }
}

impl PathPattern {
    /// Whether the pattern covers this path (without query). The caller has made sure that it is not ambiguous.
    #[must_use]
    pub fn covers(&self, path: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => exact.is(path),
            Self::Below(prefix) => path.starts_with(prefix.as_bytes()),
        }
    }

    /// Whether every path that `other` covers is covered by this pattern.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        match other {
            Self::Exact(path) => self.covers(path.0.as_bytes()),
            Self::Below(prefix) => matches!(self, Self::Below(wider) if prefix.starts_with(wider.as_str())),
        }
    }

    /// Whether some path could be covered by this pattern and lie at or below `base`.
    #[must_use]
    pub fn overlaps(&self, base: &LocalPath) -> bool {
        match self {
            Self::Exact(exact) => base.below(exact.0.as_bytes()).is_some(),
            Self::Below(prefix) => base.below(prefix.as_bytes()).is_some() || base.0.starts_with(prefix.as_str()),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => path.fmt(f),
            Self::Below(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// Where a person wanted to go: a local path with any query, at most 512 bytes, safe in a `Location` header (4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl FromStr for ReturnTo {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let bytes = text.as_bytes();
        let fine = bytes.len() <= 512 && bytes.iter().all(u8::is_ascii_graphic) && !is_ambiguous(without_query(bytes));
        if fine { Ok(Self(text.to_owned())) } else { Err(PathError("a local path of at most 512 visible ASCII bytes")) }
    }
}

impl ReturnTo {
    /// The target as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_two_ways_is_ambiguous() {
        for path in [
            "",
            "register",
            "*",
            "http://a/b",
            "//a",
            "/a//b",
            "/.",
            "/..",
            "/a/.",
            "/a/..",
            "/a/../b",
            "/./a",
            "/a;b",
            "/a\\b",
            "/a#b",
            "/a b",
            "/%2e%2e/a",
            "/%41",
            "/%7f",
            "/%",
            "/%f",
            "/%zz",
            "/%c3%2f",
            "/\u{e9}",
            "/a\u{7f}",
        ] {
            assert!(is_ambiguous(path.as_bytes()), "{path}");
        }
        for path in ["/", "/a", "/a/", "/...", "/.a", "/a..b", "/%c3%A9", "/~a/b-c_d.e", "/a/@:&=+$,!'()"] {
            assert!(!is_ambiguous(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_star_covers_what_is_below_and_not_the_folder_itself() {
        let pattern: PathPattern = "/a/*".parse().unwrap();
        for (path, covered) in [("/a/", true), ("/a/b", true), ("/a/b/c", true), ("/a", false), ("/ab", false)] {
            assert_eq!(pattern.covers(path.as_bytes()), covered, "{path}");
        }
        for bad in ["/*", "*", "/a*", "/a/*/b", "/a/b*", "/a?b", "a/*", "//*", "/a/../*"] {
            assert!(bad.parse::<PathPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn overlap_is_seen_from_both_sides() {
        let base: LocalPath = "/.tap".parse().unwrap();
        for (pattern, overlaps) in [
            ("/.tap", true),
            ("/.tap/*", true),
            ("/.tap/x", true),
            ("/.tapx", false),
            ("/.tapx/*", false),
            ("/a/*", false),
        ] {
            assert_eq!(pattern.parse::<PathPattern>().unwrap().overlaps(&base), overlaps, "{pattern}");
        }
        let deep: LocalPath = "/a/b".parse().unwrap();
        assert!("/a/*".parse::<PathPattern>().unwrap().overlaps(&deep));
    }

    #[test]
    fn where_to_return_is_local_and_fits_a_header() {
        assert!("/account?x=//y&z=%2f".parse::<ReturnTo>().is_ok());
        for bad in ["https://evil", "//evil", "/\\evil", "/a\r\nb", "/a?b\nc", "/a#b", "", "account"] {
            assert!(bad.parse::<ReturnTo>().is_err(), "{bad}");
        }
        assert!(format!("/{}", "a".repeat(512)).parse::<ReturnTo>().is_err());
    }
}
