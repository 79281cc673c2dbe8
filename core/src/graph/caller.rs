//! Who calls: a bearer token, signed with an `admin` key, or one that the proxy itself has verified (11.1).

use crate::directory::Known;
use crate::json::{Json, Object};
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

/// What a token says of whoever has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// Who, by a name or an id.
    pub(crate) name: UserName,
    /// As what.
    pub(crate) role_names: Vec<String>,
}

/// Somebody with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) identity: Identity,
    /// As what, by the names that the token gives.
    pub(crate) role_names: Vec<String>,
    /// As the directory knows them; `None` where it does not, and where nobody knows who exists.
    known: Option<Known>,
}

impl Caller {
    /// Whoever has this token, whom the directory knows as this, if it knows them.
    pub(crate) fn of(bearer: Bearer, known: Option<Known>, policy: &Policy) -> Self {
        let Bearer { name, role_names } = bearer;
        let known = known.filter(|_| policy.directory.knows_users());
        let identity = known.as_ref().map_or_else(|| Identity::of_open(&name), |known| known.identity.clone());
        Self { identity, role_names, known }
    }

    /// Whether they may act: a directory that knows them has the last word, whatever their token says.
    pub(crate) fn is_active(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.active)
    }

    /// Whether this is a name of theirs.
    pub(crate) fn is_called(&self, name: &UserName) -> bool {
        match &self.known {
            Some(known) => known.is_called(name.as_str()),
            None => self.identity == Identity::of_open(name),
        }
    }

    /// Whether they may be this user (11.2).
    pub(crate) fn may_be(&self, user: &Known) -> bool {
        self.identity == user.identity || (self.known.is_none() && user.may_be(&self.identity))
    }

    /// The roles.
    pub(crate) fn roles(&self) -> Vec<Role> {
        self.role_names.iter().map(|name| Role::named(name)).collect()
    }
}

impl Bearer {
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
        let Some(Json::Array(roles)) = claims.get("roles") else { return None };
        Some(Self { name: text(&claims, "sub")?.parse().ok()?, role_names: names(roles)? })
    }

    /// Reads the claims of a token that the proxy has verified: signature, issuer and audience are its business (11.1). Its end is
    /// looked at again, since proxies allow for some skew, and a token without one is none.
    pub(crate) fn of_verified(claims: &Object, roles_claim: &str, now: UnixSeconds) -> Option<Self> {
        // Seconds as doubles: whole ones up to the year 9999 are exact.
        #[expect(clippy::cast_precision_loss, reason = "no second of a `UnixSeconds` comes near 2^53")]
        let now = now.get() as f64;
        if !matches!(claims.get("exp"), Some(Json::Float(end)) if now < *end) {
            return None;
        }
        let role_names = match claims.get(roles_claim)? {
            Json::String(role) => vec![role.clone()],
            Json::Array(roles) => names(roles)?,
            _ => return None,
        };
        Some(Self { name: text(claims, "sub")?.parse().ok()?, role_names })
    }
}

/// The names of roles, as a list of strings has them.
fn names(roles: &[Json]) -> Option<Vec<String>> {
    let role = |role: &Json| match role {
        Json::String(name) => Some(name.clone()),
        _ => None,
    };
    if roles.len() > MOST_ROLES { None } else { roles.iter().map(role).collect() }
}
