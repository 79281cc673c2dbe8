//! Who calls: a bearer token, signed with an `admin` key (11.1).

use crate::json::Json;
use crate::jws::{self, Typ};
use crate::names::{Identity, UserName};
use crate::pass::{audience, moment, text};
use crate::policy::Policy;
use crate::time::{Seconds, UnixSeconds};

use super::role::Role;

/// The longest that a token may be valid.
pub const LONGEST: Seconds = Seconds::new(3600);

/// The most roles that a token may name.
const MOST_ROLES: usize = 32;

/// Somebody with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) identity: Identity,
    /// As what, by the names that the token gives.
    pub(crate) role_names: Vec<String>,
}

impl Caller {
    /// Reads the value of an `authorization` header; `None` unless it is a token for this tenant, now.
    pub(crate) fn of(authorization: &[u8], policy: &Policy, now: UnixSeconds) -> Option<Self> {
        let (scheme, token) = authorization.split_at_checked(7)?;
        if !scheme.eq_ignore_ascii_case(b"bearer ") {
            return None;
        }
        let claims = jws::verify(policy.admin_keys.as_ref()?, Typ::ADMIN, token).ok()?;
        let ours = text(&claims, "iss") == Some(&policy.issuer)
            && audience(&claims) == Some(&policy.audience)
            && text(&claims, "tid") == Some(policy.tenant.as_str());
        let (issued, end) = (moment(&claims, "iat")?, moment(&claims, "exp")?);
        let in_time =
            issued <= now.plus(policy.clock_skew) && now < end && end.since(issued) <= LONGEST && issued < end;
        let begun = match claims.get("nbf") {
            None => true,
            Some(_) => moment(&claims, "nbf")? <= now.plus(policy.clock_skew),
        };
        if !ours || !in_time || !begun {
            return None;
        }
        let name: UserName = text(&claims, "sub")?.parse().ok()?;
        let Some(Json::Array(roles)) = claims.get("roles") else { return None };
        if roles.len() > MOST_ROLES {
            return None;
        }
        let role = |role: &Json| match role {
            Json::String(name) => Some(name.clone()),
            _ => None,
        };
        Some(Self {
            identity: policy.directory.resolve(&name).unwrap_or_else(|| Identity::of_open(&name)),
            role_names: roles.iter().map(role).collect::<Option<_>>()?,
        })
    }

    /// The roles.
    pub(crate) fn roles(&self) -> Vec<Role> {
        self.role_names.iter().map(|name| Role::named(name)).collect()
    }
}
