//! The form of a text that should be a signed pass: what can be read of it, and in which ways it is not canonical.
//!
//! `tapgate-core` decides what is accepted and says no more than that; this explains its answer to a person. A test holds
//! the two against each other.

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tapgate_core::json::{self, Json, Object};
use tapgate_core::jws::{MOST_BYTES, Typ};
use tapgate_core::names::{GroupId, NameError, PassId, UserName};
use tapgate_core::pass::MOST_GROUPS;
use tapgate_core::time::UnixSeconds;

use super::defect::{Defect, Piece, shown};

/// What could be read, and what is wrong with it.
pub struct Form {
    /// The header.
    pub header: Part,
    /// The claims.
    pub claims: Part,
    /// None: the text has the form of a pass.
    pub defects: Vec<Defect>,
}

/// Header or claims, as far as they can be read.
#[derive(Default)]
pub struct Part {
    /// The members, read leniently: for eyes only.
    pub seen: Option<Object>,
    /// Whether they are in the one accepted form.
    pub strict: bool,
}

impl Form {
    /// Reads a text, whatever it is.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut form = Self { header: Part::default(), claims: Part::default(), defects: Vec::new() };
        if text.len() > MOST_BYTES {
            form.defects.push(Defect::TooLong(text.len()));
        }
        let pieces: Vec<&str> = text.split('.').collect();
        match pieces.len() {
            3 => {}
            1 => form.defects.push(Defect::Code),
            other => form.defects.push(Defect::Pieces(other)),
        }
        // Where there is no dot at all, there is nothing worth decoding.
        if let [header, claims, rest @ ..] = pieces.as_slice() {
            form.header = form.read(Piece::Header, header);
            form.claims = form.read(Piece::Claims, claims);
            if let [signature] = rest
                && let Err(error) = URL_SAFE_NO_PAD.decode(signature)
            {
                form.defects.push(Defect::of_encoding(Piece::Signature, signature, &error));
            }
        }
        let mut found = Vec::new();
        if let Part { seen: Some(header), strict: true } = &form.header {
            check_header(header, &mut found);
        }
        if let Part { seen: Some(claims), strict: true } = &form.claims {
            check_claims(claims, &mut found);
        }
        form.defects.append(&mut found);
        form
    }

    fn read(&mut self, piece: Piece, text: &str) -> Part {
        let strict = match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) => json::strict(&bytes).map_err(|error| Defect::Json { piece, error }),
            Err(error) => Err(Defect::of_encoding(piece, text, &error)),
        };
        match strict {
            Ok(object) => Part { seen: Some(object), strict: true },
            Err(defect) => {
                self.defects.push(defect);
                Part { seen: leniently(text), strict: false }
            }
        }
    }

    /// Whether all that is wrong is what the claims say or how they are written.
    pub fn only_claims_are_wrong(&self) -> bool {
        self.defects.iter().all(Defect::is_of_claims)
    }

    /// The key that the pass names.
    pub fn key_id(&self) -> Option<&str> {
        text_of(&self.header, "kid")
    }

    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        match self.claims.seen.as_ref()?.get(name)? {
            Json::Array(list) if name == "aud" => match list.as_slice() {
                [Json::String(only)] => Some(only),
                _ => None,
            },
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// A claim that is a time.
    pub fn moment(&self, name: &str) -> Option<UnixSeconds> {
        moment(self.claims.seen.as_ref()?.get(name)?)
    }

    /// Whether the pass is a one-time pass.
    pub fn is_once(&self) -> bool {
        self.claims.seen.as_ref().and_then(|claims| claims.get("once")) == Some(&Json::Bool(true))
    }
}

fn text_of<'a>(part: &'a Part, name: &str) -> Option<&'a str> {
    match part.seen.as_ref()?.get(name)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// A time as claims have it: a whole number of seconds that can be told.
pub fn moment(value: &Json) -> Option<UnixSeconds> {
    match value {
        Json::Integer(seconds) => UnixSeconds::new(u64::try_from(*seconds).ok()?),
        _ => None,
    }
}

/// Reads base64url however it is padded and whatever bits are left over: only to be looked at.
fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, config)
}

fn leniently(text: &str) -> Option<Object> {
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| match letter {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    match json::document(&lenient().decode(text).ok()?) {
        Ok(Json::Object(object)) => Some(object),
        _ => None,
    }
}

fn check_header(header: &Object, defects: &mut Vec<Defect>) {
    for (name, expected) in [("alg", "HS256"), ("typ", Typ::PASS.as_str())] {
        match header.get(name) {
            None => defects.push(Defect::NoMember(name)),
            Some(Json::String(text)) if text == expected => {}
            Some(other) => defects.push(Defect::Member { name, found: shown(other), expected }),
        }
    }
    match header.get("kid") {
        None => defects.push(Defect::NoMember("kid")),
        Some(Json::String(_)) => {}
        Some(other) => defects.push(Defect::Member { name: "kid", found: shown(other), expected: "a string" }),
    }
    if header.get("crit").is_some() {
        defects.push(Defect::Crit);
    }
}

fn check_claims(claims: &Object, defects: &mut Vec<Defect>) {
    let mut required = |name, check: fn(&Json) -> Option<&'static str>| match claims.get(name) {
        None => defects.push(Defect::NoClaim(name)),
        Some(value) => {
            if let Some(expected) = check(value) {
                defects.push(Defect::Claim { name, found: shown(value), expected });
            }
        }
    };
    required("iss", |value| not(matches!(value, Json::String(_)), "a string"));
    required("aud", |value| {
        let fine = match value {
            Json::Array(list) => matches!(list.as_slice(), [Json::String(_)]),
            other => matches!(other, Json::String(_)),
        };
        not(fine, "a string, or a list of one string")
    });
    required("sub", not_a::<UserName>);
    required("jti", not_a::<PassId>);
    for name in ["iat", "nbf", "exp"] {
        required(name, |value| not(moment(value).is_some(), "a whole number of seconds since 1970, to the year 9999"));
    }
    let mut optional = |name, check: fn(&Json) -> Option<&'static str>| {
        if let Some(value) = claims.get(name)
            && let Some(expected) = check(value)
        {
            defects.push(Defect::Claim { name, found: shown(value), expected });
        }
    };
    optional("once", |value| not(matches!(value, Json::Bool(_)), "true or false"));
    optional("groups", |value| match value {
        Json::Array(groups) if groups.len() > MOST_GROUPS => Some("at most 64 groups"),
        Json::Array(groups) => groups.iter().find_map(not_a::<GroupId>),
        _ => Some("a list of group names"),
    });
    let times = [claims.get("nbf").and_then(moment), claims.get("exp").and_then(moment)];
    if let [Some(start), Some(end)] = times
        && start >= end
    {
        defects.push(Defect::EndBeforeStart);
    }
}

fn not(fine: bool, expected: &'static str) -> Option<&'static str> {
    (!fine).then_some(expected)
}

fn not_a<T: FromStr<Err = NameError>>(value: &Json) -> Option<&'static str> {
    match value {
        Json::String(text) => text.parse::<T>().err().map(NameError::expected),
        _ => Some("a string"),
    }
}
