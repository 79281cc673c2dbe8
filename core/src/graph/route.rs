//! The API's paths.

use percent_encoding::percent_decode;

use crate::names::{PassId, UserName};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A user's passes: none or one.
    Passes(Whose),
    /// One pass of a user.
    Pass(Whose, PassId),
    /// All of a user's authentication methods that are known here: their passes.
    Methods(Whose),
    /// The policy's `temporaryAccessPass`.
    Policy,
}

/// Whose passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of the session's person.
    Mine,
    /// Those of the user by this id or `userPrincipalName`.
    Of(UserName),
}

impl Route {
    /// Reads the path below [`ROOT`](super::ROOT); `None` if there is nothing at it. Names of resources are compared without
    /// regard to case, as Graph does.
    pub(crate) fn of(path: &[u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?;
        let segments: Vec<&str> = path.split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        let (whose, rest) = match segments.as_slice() {
            [policies, methods, configurations, pass]
                if is(policies, "policies")
                    && is(methods, "authenticationMethodsPolicy")
                    && is(configurations, "authenticationMethodConfigurations")
                    && is(pass, "temporaryAccessPass") =>
            {
                return Some(Self::Policy);
            }
            [me, rest @ ..] if is(me, "me") => (Whose::Mine, rest),
            [users, user, rest @ ..] if is(users, "users") => (Whose::Of(decoded(user)?.parse().ok()?), rest),
            _ => return None,
        };
        match rest {
            [authentication, rest @ ..] if is(authentication, "authentication") => match rest {
                [methods] if is(methods, "methods") => Some(Self::Methods(whose)),
                [passes] if is(passes, "temporaryAccessPassMethods") => Some(Self::Passes(whose)),
                [passes, id] if is(passes, "temporaryAccessPassMethods") => {
                    Some(Self::Pass(whose, decoded(id)?.parse().ok()?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The methods that it takes.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Passes(Whose::Of(_)) => "GET, POST",
            Self::Passes(Whose::Mine) | Self::Methods(_) => "GET",
            Self::Pass(..) => "GET, DELETE",
            Self::Policy => "GET",
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
        let alice = || Whose::Of("alice@example.com".parse().unwrap());
        let passes = "authentication/temporaryAccessPassMethods";
        for (path, route) in [
            (format!("users/alice@example.com/{passes}"), Some(Route::Passes(alice()))),
            (format!("users/alice%40example.com/{passes}"), Some(Route::Passes(alice()))),
            (format!("Users/alice@example.com/{passes}/a-1"), Some(Route::Pass(alice(), "a-1".parse().unwrap()))),
            (format!("me/{passes}"), Some(Route::Passes(Whose::Mine))),
            ("me/authentication/methods".to_owned(), Some(Route::Methods(Whose::Mine))),
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
