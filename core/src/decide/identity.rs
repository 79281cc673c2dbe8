//! What the application is told of a live session: headers and the signed assertion (6.1).

use serde::Serialize;

use crate::context::Context;
use crate::headers::HeaderEdits;
use crate::jws::{self, Typ};
use crate::policy::Policy;
use crate::session::Session;
use crate::time::Seconds;

/// How long an assertion is valid at most.
const ASSERTION_LIFETIME: Seconds = Seconds::new(60);

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: String,
    tenant: &'a str,
    amr: [&'static str; 1],
    state: &'static str,
    iat: u64,
    exp: u64,
}

/// Sets the identity headers of a session in place of whatever came under their names. `None` if the assertion does
/// not serialize, which refuses the request.
pub(super) fn introduce(
    edits: &mut HeaderEdits,
    policy: &Policy,
    session: &Session,
    context: &Context<'_>,
) -> Option<()> {
    let end = session.end_under(policy);
    let assertion = Assertion {
        iss: &policy.issuer,
        aud: &policy.audience,
        sub: session.identity.as_str(),
        sid: session.id.to_string(),
        tenant: policy.tenant.as_str(),
        amr: ["tap"],
        state: session.state.name(),
        iat: context.now.get(),
        exp: context.now.plus(ASSERTION_LIFETIME).min(end).get(),
    };
    let assertion = jws::sign(&policy.upstream_keys, Typ::ASSERTION, &assertion)?;
    edits.set(policy.user_header.as_bytes(), session.identity.as_str());
    edits.set(b"tapgate-tenant", policy.tenant.as_str());
    edits.set(b"tapgate-state", session.state.name());
    edits.set(b"tapgate-deadline", end.to_string());
    edits.set(b"tapgate-assertion", assertion);
    Some(())
}
