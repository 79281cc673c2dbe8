//! Tokens made here: what [`Bearer`] reads, for whoever has the `admin` key and no identity provider.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroizing;

use super::caller::Bearer;
use crate::jws::{self, Typ};
use crate::names::UserName;
use crate::policy::Policy;
use crate::time::{Seconds, UnixSeconds};

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAdminToken {
    /// The policy has no `keys.admin`.
    NoKey,
    /// The policy has no `admin`, so that nobody would take it.
    NoApi,
    /// It would not be taken: too long a lifetime, too many roles, or more than 4096 bytes.
    NotTaken,
}

impl fmt::Display for NoAdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "the policy has no key for administrators' tokens",
            Self::NoApi => "the policy has no admin API",
            Self::NotTaken => "no gateway would take the token",
        })
    }
}

impl std::error::Error for NoAdminToken {}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    tid: &'a str,
    sub: &'a str,
    roles: &'a [String],
    iat: u64,
    exp: u64,
}

/// Makes a token, signed with the first of the policy's `admin` keys, and reads it back as a gateway would, so that none goes out
/// that no gateway takes.
///
/// # Errors
/// [`NoAdminToken`].
pub fn mint_token(
    policy: &Policy,
    subject: &UserName,
    roles: &[String],
    lifetime: Seconds,
    now: UnixSeconds,
) -> Result<Zeroizing<String>, NoAdminToken> {
    let keys = policy.admin_keys.as_ref().ok_or(NoAdminToken::NoKey)?;
    if policy.admin.is_none() {
        return Err(NoAdminToken::NoApi);
    }
    let claims = Claims {
        iss: &policy.issuer,
        aud: &policy.audience,
        tid: policy.tenant.as_str(),
        sub: subject.as_str(),
        roles,
        iat: now.get(),
        exp: now.plus(lifetime).get(),
    };
    let token = jws::sign(keys, Typ::ADMIN, &claims).map(Zeroizing::new).ok_or(NoAdminToken::NotTaken)?;
    let header = Zeroizing::new(format!("Bearer {}", *token));
    match Bearer::of(header.as_bytes(), policy, now) {
        Some(bearer) if bearer.role_names == roles => Ok(token),
        _ => Err(NoAdminToken::NotTaken),
    }
}
