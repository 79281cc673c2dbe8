//! Graph's errors: `{"error": {"code", "message", "innerError"}}`.

use std::borrow::Cow;

use serde::Serialize;

use crate::policy::Defect;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::time::UnixSeconds;

/// The most defects of a policy that an answer tells: it is not to be larger than what was sent.
const MOST_DEFECTS: usize = 16;

/// Why a call was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub(crate) status: u16,
    /// Graph's code.
    pub(crate) code: &'static str,
    /// Its message, with the mend where there is one.
    pub(crate) message: Cow<'static, str>,
}

/// What Graph's clients use to find a call again, on both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    /// The proxy's.
    pub(crate) request: Option<String>,
    /// The client's own.
    pub(crate) client: Option<String>,
}

impl Ids {
    /// An id as it goes into an answer: short, and nothing that could be anything but an id.
    pub(crate) fn checked(id: Option<&[u8]>) -> Option<String> {
        let fits = |id: &&[u8]| {
            (1..=64).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        id.filter(fits).and_then(|id| std::str::from_utf8(id).ok()).map(str::to_owned)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inner<'a> {
    code: &'static str,
    message: &'a str,
    inner_error: InnerError<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError<'a> {
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<&'a str>,
}

impl ApiError {
    const fn of(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message: Cow::Borrowed(message) }
    }

    /// No token, or none that is accepted here.
    pub(crate) const UNAUTHENTICATED: Self =
        Self::of(401, "InvalidAuthenticationToken", "Access token is missing, not valid here, or has expired.");
    /// A token and a session cookie: two callers at once (11.1).
    pub(crate) const TWO_CALLERS: Self =
        Self::of(400, "badRequest", "Send either an access token or a session cookie, not both.");
    /// The caller's roles do not reach so far.
    pub(crate) const NOT_PERMITTED: Self = Self::of(403, "accessDenied", "Request Authorization failed");
    /// Another site's page asked with a person's cookie.
    pub(crate) const CROSS_SITE: Self = Self::of(403, "accessDenied", "This request came from another site's page.");
    /// Nothing is at this address.
    pub(crate) const NO_ROUTE: Self = Self::of(404, "ResourceNotFound", "There is no such resource here.");
    /// Nobody has this id or name.
    pub(crate) const NO_USER: Self =
        Self::of(404, "Request_ResourceNotFound", "The user does not exist in the policy's directory.");
    /// The user has no pass of this id.
    pub(crate) const NO_PASS: Self =
        Self::of(404, "resourceNotFound", "The user has no Temporary Access Pass of this id.");
    /// The resource takes other methods.
    pub(crate) const NO_METHOD: Self =
        Self::of(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.");
    /// The body is over 16 KiB.
    pub(crate) const TOO_LARGE: Self = Self::of(413, "badRequest", "The request body is larger than 16 KiB.");
    /// The body is no JSON by its own account.
    pub(crate) const NOT_JSON: Self =
        Self::of(415, "badRequest", "Write JSON, and say so: `Content-Type: application/json`.");
    /// The policy wants a reason for what is done.
    pub(crate) const NO_REASON: Self = Self::of(
        400,
        "badRequest",
        "The policy requires a reason: give one as the query parameter `reason` or in the header `tapgate-reason`, at most 128 bytes.",
    );
    /// External guests have no passes.
    pub(crate) const GUEST: Self =
        Self::of(400, "badRequest", "Temporary Access Pass cannot be added to an external guest user.");
    /// The policy has no passes for this user.
    pub(crate) const NOT_BY_POLICY: Self = Self::of(
        400,
        "badRequest",
        "Unable to add Temporary Access Pass: the policy is disabled, or does not target this user.",
    );
    /// There is no room for so many targets.
    pub(crate) const POLICY_TOO_LARGE: Self = Self::of(
        400,
        "badRequest",
        "The ledger has no room for so many targets: name groups instead of people, or put them into the policy's document.",
    );
    /// Others have changed the policy at the same time, again and again.
    pub(crate) const CONFLICT: Self =
        Self::of(409, "conflict", "Others change the policy at the same time. Look at it, and try again.");
    /// What a request says of itself besides its body makes no sense.
    pub(crate) const NO_CONDITION: Self = Self::of(
        400,
        "badRequest",
        "Write `Idempotency-Key` with 1 to 128 visible ASCII characters, `If-None-Match` as `*` and `tapgate-dry-run` as `true`, each once at most.",
    );
    /// Somebody wants to try what can only be done.
    pub(crate) const NOT_DRY: Self = Self::of(
        400,
        "badRequest",
        "`tapgate-dry-run` is for issuing passes; nothing was done. Leave it out, and write the other headers as the documentation has them.",
    );
    /// A pass stands in the way of one that was to be the only one.
    pub(crate) const PASS_STANDS: Self = Self::of(
        412,
        "preconditionFailed",
        "The user has a Temporary Access Pass that can still be used, and `If-None-Match: *` is for users without one.",
    );
    /// The pass that this very request issued is gone.
    pub(crate) const ISSUED_BEFORE: Self =
        Self::of(409, "conflict", "A pass was issued by this Idempotency-Key, and has been replaced or deleted since.");
    /// The ledger did not answer.
    pub(crate) const UNAVAILABLE: Self =
        Self::of(503, "serviceNotAvailable", "The ledger cannot be reached just now. Try again in a moment.");
    /// The directory did not answer.
    pub(crate) const NO_DIRECTORY: Self = Self::of(
        503,
        "serviceNotAvailable",
        "The directory of users cannot be reached just now. Try again in a moment.",
    );
    /// The directory says that the user may not sign in.
    pub(crate) const INACTIVE: Self = Self::of(
        400,
        "badRequest",
        "Unable to add Temporary Access Pass: the directory says that the user is not active.",
    );
    /// What must not happen.
    pub(crate) const INTERNAL: Self = Self::of(500, "generalException", "The call could not be carried out.");

    /// Nobody issues a pass for themselves.
    pub(crate) fn self_service(identity: &str) -> Self {
        let message = format!("Self-service operations are currently not supported for user {identity}.");
        Self { message: message.into(), ..Self::NOT_PERMITTED }
    }

    /// The body says something that it must not.
    pub(crate) fn bad(message: String) -> Self {
        Self { status: 400, code: "badRequest", message: message.into() }
    }

    /// The policy would not compile.
    pub(crate) fn policy(defects: &[Defect]) -> Self {
        let defects: Vec<_> = defects.iter().take(MOST_DEFECTS).map(ToString::to_string).collect();
        Self::bad(format!("The policy would not be valid: {}.", defects.join("; ")))
    }

    /// The lifetime is out of bounds, given in minutes.
    pub(crate) fn lifetime(least: u32, most: u32) -> Self {
        Self::bad(format!("Invalid LifetimeInMinutes specified. The valid range between {least} and {most}."))
    }

    /// The answer.
    pub(crate) fn reply(&self, ids: &Ids, now: UnixSeconds) -> Reply {
        let inner_error = InnerError {
            date: now.to_string().trim_end_matches('Z').to_owned(),
            request_id: ids.request.as_deref(),
            client_request_id: ids.client.as_deref(),
        };
        let body = Body { error: Inner { code: self.code, message: &self.message, inner_error } };
        Reply::json(self.status, &body).owed(None)
    }

    /// What the log says of it.
    pub(crate) fn why(&self) -> &'static str {
        match self.status {
            400 | 413 | 415 => "bad_request",
            401 => "unauthenticated",
            403 => "not_permitted",
            404 => "not_found",
            405 => "no_such_method",
            409 | 412 => "conflict",
            503 if *self == Self::NO_DIRECTORY => Refusal::DirectoryUnavailable.name(),
            503 => Refusal::LedgerUnavailable.name(),
            _ => Refusal::Internal.name(),
        }
    }
}
