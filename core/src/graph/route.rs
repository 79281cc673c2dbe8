//! The API's paths.

use percent_encoding::percent_decode;

use crate::names::{PassId, UserName};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Something of the session's person.
    Mine(Resource),
    /// Something of the user by this id or `userPrincipalName`.
    Of(UserName, Resource),
    /// The policy's `temporaryAccessPass`.
    Policy,
}

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Their passes: none or one.
    Passes,
    /// One pass.
    Pass(PassId),
    /// All of their authentication methods that are known here: their passes.
    Methods,
}

impl Route {
    /// Reads the path below [`ROOT`](super::ROOT); `None` if there is nothing at it. Names of resources are compared without
    /// regard to case, as Graph does.
    pub(crate) fn of(path: &[u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?;
        let segments: Vec<&str> = path.split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        let (user, rest) = match segments.as_slice() {
            [policies, methods, configurations, pass]
                if is(policies, "policies")
                    && is(methods, "authenticationMethodsPolicy")
                    && is(configurations, "authenticationMethodConfigurations")
                    && is(pass, "temporaryAccessPass") =>
            {
                return Some(Self::Policy);
            }
            [me, rest @ ..] if is(me, "me") => (None, rest),
            [users, user, rest @ ..] if is(users, "users") => (Some(decoded(user)?.parse().ok()?), rest),
            _ => return None,
        };
        let resource = match rest {
            [authentication, rest @ ..] if is(authentication, "authentication") => match rest {
                [methods] if is(methods, "methods") => Resource::Methods,
                [passes] if is(passes, "temporaryAccessPassMethods") => Resource::Passes,
                [passes, id] if is(passes, "temporaryAccessPassMethods") => Resource::Pass(decoded(id)?.parse().ok()?),
                _ => return None,
            },
            _ => return None,
        };
        Some(match user {
            Some(user) => Self::Of(user, resource),
            None => Self::Mine(resource),
        })
    }

    /// The methods that it takes.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Of(_, Resource::Passes) => "GET, POST",
            Self::Mine(Resource::Passes | Resource::Methods) | Self::Of(_, Resource::Methods) => "GET",
            Self::Mine(Resource::Pass(_)) | Self::Of(_, Resource::Pass(_)) => "GET, DELETE",
            Self::Policy => "GET, PATCH, DELETE",
        }
    }
}

/// A segment as it is meant: clients escape what they please, `@` for one.
fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode(segment.as_bytes()).decode_utf8().ok()?;
    // An escaped slash would be two segments to whoever reads it later.
    (!text.contains('/')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_graphs() {
        let alice = |resource| Some(Route::Of("alice@example.com".parse().unwrap(), resource));
        let passes = "authentication/temporaryAccessPassMethods";
        for (path, route) in [
            (format!("users/alice@example.com/{passes}"), alice(Resource::Passes)),
            (format!("users/alice%40example.com/{passes}"), alice(Resource::Passes)),
            (format!("Users/alice@example.com/{passes}/a-1"), alice(Resource::Pass("a-1".parse().unwrap()))),
            (format!("me/{passes}"), Some(Route::Mine(Resource::Passes))),
            ("me/authentication/methods".to_owned(), Some(Route::Mine(Resource::Methods))),
            (
                "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass"
                    .to_owned(),
                Some(Route::Policy),
            ),
            (format!("users//{passes}"), None),
            (format!("users/a%2fb/{passes}"), None),
            (format!("users/a%00b/{passes}"), None),
            (format!("users/a/{passes}/"), None),
            (format!("users/a/{passes}/a.b"), None),
            (format!("users/a/{passes}/a/b"), None),
            ("users/a".to_owned(), None),
            ("me".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(Route::of(path.as_bytes()), route, "{path}");
        }
    }
}
