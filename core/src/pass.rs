//! Signed passes, and the proof types that say how far one has been checked: [`SignedPass`] is bytes from a stranger,
//! [`AuthenticPass`] is known to come from a holder of the pass key and to be meant for us. Each is moved into the next,
//! so that nothing unchecked is left lying about. Time and policy are checked in [`crate::policy`].

use serde::Serialize;

use crate::digest;
use crate::json::{Json, Object};
use crate::jws::{self, JwsError, Typ};
use crate::key::{KeyRing, Passes};
use crate::names::{GroupId, PassId, UserName};
use crate::refusal::Refusal;
use crate::time::UnixSeconds;

/// The most groups a pass may claim.
pub const MOST_GROUPS: usize = 64;

/// A pass as it was presented: bytes, nothing known.
#[derive(Clone, Copy)]
pub struct SignedPass<'a>(&'a [u8]);

/// Whom passes must come from and be meant for: a tenant's `issuer` and `audience`.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// What `iss` must be.
    pub issuer: &'a str,
    /// What `aud` must be.
    pub audience: &'a str,
}

/// The claims of a pass whose signature, form, issuer and audience have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticPass {
    /// `sub`: whose pass it is.
    pub user: UserName,
    /// `jti`.
    pub id: PassId,
    /// `iat`.
    pub issued: UnixSeconds,
    /// `nbf`: the pass is valid from here ...
    pub start: UnixSeconds,
    /// `exp`: ... to before here.
    pub end: UnixSeconds,
    /// `once`: whether it is a one-time pass.
    pub once: bool,
    /// `groups`: what the issuer says of the user's groups; `None` if it says nothing.
    pub groups: Option<GroupTags>,
}

impl<'a> SignedPass<'a> {
    /// Takes what was presented.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Checks signature first, then the claims' form, then issuer and audience (3.1 to 3.4).
    ///
    /// # Errors
    /// `malformed`, `unknown_key`, `bad_signature` or `wrong_audience`: from outside they are all alike.
    pub fn authenticate(self, keys: &KeyRing<Passes>, expected: Expected<'_>) -> Result<AuthenticPass, Refusal> {
        let claims = jws::verify(keys, Typ::PASS, self.0).map_err(|error| match error {
            JwsError::Malformed => Refusal::Malformed,
            JwsError::UnknownKey => Refusal::UnknownKey,
            JwsError::BadSignature => Refusal::BadSignature,
        })?;
        let pass = read(&claims).ok_or(Refusal::Malformed)?;
        let ours = text(&claims, "iss") == Some(expected.issuer) && audience(&claims) == Some(expected.audience);
        if ours { Ok(pass) } else { Err(Refusal::WrongAudience) }
    }
}

fn read(claims: &Object) -> Option<AuthenticPass> {
    text(claims, "iss")?;
    audience(claims)?;
    let pass = AuthenticPass {
        user: text(claims, "sub")?.parse().ok()?,
        id: text(claims, "jti")?.parse().ok()?,
        issued: moment(claims, "iat")?,
        start: moment(claims, "nbf")?,
        end: moment(claims, "exp")?,
        once: match claims.get("once") {
            None => false,
            Some(Json::Bool(once)) => *once,
            Some(_) => return None,
        },
        groups: match claims.get("groups") {
            None => None,
            Some(Json::Array(groups)) => Some(GroupTags::claimed(groups)?),
            Some(_) => return None,
        },
    };
    (pass.start < pass.end).then_some(pass)
}

/// A claim that is a string.
pub(crate) fn text<'a>(claims: &'a Object, name: &str) -> Option<&'a str> {
    match claims.get(name)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// A claim that is a time in whole seconds.
pub(crate) fn moment(claims: &Object, name: &str) -> Option<UnixSeconds> {
    match claims.get(name)? {
        Json::Integer(seconds) => UnixSeconds::new(u64::try_from(*seconds).ok()?),
        _ => None,
    }
}

/// `aud`: a string or an array of one (3.2).
pub(crate) fn audience(claims: &Object) -> Option<&str> {
    match claims.get("aud")? {
        Json::String(audience) => Some(audience),
        Json::Array(list) => match list.as_slice() {
            [Json::String(audience)] => Some(audience),
            _ => None,
        },
        _ => None,
    }
}

/// A user's groups as tags, eight bytes of SHA-256 each: what a session cookie has room to carry, so that a policy
/// tightened later still finds out whom it concerns. Only issuers and administrators choose group names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupTags(Vec<[u8; 8]>);

impl GroupTags {
    fn claimed(groups: &[Json]) -> Option<Self> {
        if groups.len() > MOST_GROUPS {
            return None;
        }
        let tag = |group: &Json| match group {
            Json::String(name) => Some(Self::tag(&name.parse().ok()?)),
            _ => None,
        };
        groups.iter().map(tag).collect::<Option<_>>().map(Self)
    }

    /// The tag by which a group is compared.
    #[must_use]
    pub fn tag(group: &GroupId) -> [u8; 8] {
        digest::tag(&[b"tapgate-group-1", group.as_str().as_bytes()])
    }

    /// Whether the group of this tag is among them.
    #[must_use]
    pub fn contains(&self, tag: &[u8; 8]) -> bool {
        self.0.contains(tag)
    }

    /// So many of them at most: those that are `wanted`, then others.
    #[must_use]
    pub(crate) fn at_most(&self, most: usize, wanted: impl Fn(&[u8; 8]) -> bool) -> Self {
        let (mut first, others): (Vec<_>, Vec<_>) = self.0.iter().copied().partition(wanted);
        first.extend(others);
        first.truncate(most);
        Self(first)
    }

    /// The tags one after another.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Reads back [`GroupTags::to_bytes`]; `None` if that is not what `bytes` are.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tags, rest) = bytes.as_chunks::<8>();
        (rest.is_empty() && tags.len() <= MOST_GROUPS).then(|| Self(tags.to_vec()))
    }
}

impl<'a> FromIterator<&'a GroupId> for GroupTags {
    fn from_iter<I: IntoIterator<Item = &'a GroupId>>(groups: I) -> Self {
        Self(groups.into_iter().map(Self::tag).collect())
    }
}

/// The claims of a pass to be minted (3.1).
#[derive(Clone, Debug, Serialize)]
pub struct PassClaims<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// The audience.
    pub aud: &'a str,
    /// The user.
    pub sub: &'a str,
    /// The pass's id.
    pub jti: &'a str,
    /// When it is issued, in seconds since 1970.
    pub iat: u64,
    /// When it starts, likewise.
    pub nbf: u64,
    /// When it ends, likewise.
    pub exp: u64,
    /// Whether it may be used once only.
    pub once: bool,
    /// The user's groups, where the issuer knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<&'a [String]>,
}

/// Mints a signed pass, and reads it back as a gateway would, so that no pass goes out that none would accept.
///
/// # Errors
/// `malformed` if the claims are not such as [`SignedPass::authenticate`] accepts: a bad name or id, a start that is
/// not before the end, too many groups, or a pass over 4096 bytes.
pub fn mint(keys: &KeyRing<Passes>, claims: &PassClaims<'_>) -> Result<String, Refusal> {
    let pass = jws::sign(keys, Typ::PASS, claims).ok_or(Refusal::Malformed)?;
    let expected = Expected { issuer: claims.iss, audience: claims.aud };
    SignedPass::new(pass.as_bytes()).authenticate(keys, expected)?;
    Ok(pass)
}
