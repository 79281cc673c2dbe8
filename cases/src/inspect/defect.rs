//! Every way in which a text is not a signed pass in canonical form, in words.

use std::fmt;

use base64::DecodeError;
use tapgate_core::json::{Json, JsonError};
use tapgate_core::jws::MOST_BYTES;

/// A piece of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "the header part",
            Self::Claims => "the claims part",
            Self::Signature => "the signature part",
        })
    }
}

/// A way in which a text is not a signed pass in canonical form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each is what its message says")]
pub enum Defect {
    #[error("{0} bytes; a pass has at most {MOST_BYTES}")]
    TooLong(usize),
    #[error("no `.` in it: a code that people type is no signed pass, and only its gate can look it up")]
    Code,
    #[error("{0} parts between dots; a pass has 3")]
    Pieces(usize),
    #[error("{0} is padded with `=`; base64url comes without")]
    Padded(Piece),
    #[error("{0} is in standard base64 (`+`, `/`), not base64url (`-`, `_`)")]
    StandardAlphabet(Piece),
    #[error("{0} has white space in it; a line end that crept in?")]
    WhiteSpace(Piece),
    #[error("{0} is not base64url: a foreign character at position {1}")]
    Foreign(Piece, usize),
    #[error("{0} ends in bits that are not used and not zero: damaged, or another spelling of the same bytes")]
    StrayBits(Piece),
    #[error("{0} is cut off: base64url of {1} characters")]
    CutOff(Piece, usize),
    #[error("{piece} is no JSON object in strict form: {error}")]
    Json { piece: Piece, error: JsonError },
    #[error("the header has no `{0}`")]
    NoMember(&'static str),
    #[error("the header's `{name}` is {found}, not `{expected}`")]
    Member { name: &'static str, found: String, expected: &'static str },
    #[error("the header has `crit`, which no pass has")]
    Crit,
    #[error("the claim `{0}` is missing")]
    NoClaim(&'static str),
    #[error("the claim `{name}` is {found}; expected {expected}")]
    Claim { name: &'static str, found: String, expected: &'static str },
    #[error("the pass ends (`exp`) before it starts (`nbf`), or as it does")]
    EndBeforeStart,
}

impl Defect {
    /// Why a piece is not base64url as a pass has it.
    pub(super) fn of_encoding(piece: Piece, text: &str, error: &DecodeError) -> Self {
        let body = text.trim_end_matches('=');
        if text.contains(char::is_whitespace) {
            return Self::WhiteSpace(piece);
        }
        if body.contains(['+', '/']) && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)) {
            return Self::StandardAlphabet(piece);
        }
        match error {
            DecodeError::InvalidByte(..) if body.bytes().all(is_base64url) => Self::Padded(piece),
            DecodeError::InvalidByte(position, _) => Self::Foreign(piece, position.saturating_add(1)),
            DecodeError::InvalidLength(_) => Self::CutOff(piece, text.len()),
            DecodeError::InvalidLastSymbol { .. } => Self::StrayBits(piece),
            DecodeError::InvalidPadding => Self::Padded(piece),
        }
    }

    /// Whether it is about what the claims say or how they are written.
    pub(super) fn is_of_claims(&self) -> bool {
        match self {
            Self::TooLong(_) | Self::Code | Self::Pieces(_) | Self::NoMember(_) | Self::Member { .. } | Self::Crit => {
                false
            }
            Self::Padded(piece)
            | Self::StandardAlphabet(piece)
            | Self::WhiteSpace(piece)
            | Self::Foreign(piece, _)
            | Self::StrayBits(piece)
            | Self::CutOff(piece, _)
            | Self::Json { piece, .. } => *piece == Piece::Claims,
            Self::NoClaim(_) | Self::Claim { .. } | Self::EndBeforeStart => true,
        }
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A value as it may stand in a message: a string by itself, anything else by its kind.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => format!("`{text}`"),
        Json::Integer(number) => format!("`{number}`"),
        Json::Float(number) => format!("`{number}`"),
        Json::Bool(truth) => format!("`{truth}`"),
        other => other.kind().to_owned(),
    }
}
