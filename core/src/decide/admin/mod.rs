//! Graph's API: who calls, what for, and what the ledger has to do with it (section 11).
//!
//! The order of a call: its address, who calls, what they may do at all, whom it is about, its body, the policy, the ledger.
//! Nobody learns whom the directory knows who may not ask. What is done with passes is in `passes`, with the policy in `policy`.

mod passes;
mod policy;

use std::sync::Arc;

use serde::Serialize;

use super::asked::{Asked, SessionCookie};
use super::person;
use super::{Decision, Head, Verdict, decided, event};
use crate::audit::{Administration, AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::directory::By;
use crate::graph::{self, ApiError, Bearer, Caller, Ids, Route};
use crate::headers::HeaderEdits;
use crate::ledger::{self, Step};
use crate::names::Identity;
use crate::policy::Policy;
use crate::reply::Reply;
use crate::request::{BodyFormat, Field, RequestView};
use crate::time::UnixSeconds;

/// The longest reason that is taken, in bytes.
const MOST_REASON: usize = 128;

/// A call, as far as its headers tell.
struct Call {
    policy: Arc<Policy>,
    /// Where the API lies, as the caller sees it.
    root: String,
    ids: Ids,
    reason: Option<String>,
    /// `None` where what it says of itself makes no sense.
    conditions: Option<Conditions>,
    /// Whether nothing is said of what the body is written in.
    is_untyped: bool,
}

/// What a call that issues a pass says of itself in its headers.
#[derive(Default)]
struct Conditions {
    /// `Idempotency-Key`: the same request, however often it comes, issues one pass.
    key: Option<String>,
    /// `If-None-Match: *`: only to somebody who has none of use.
    only_if_none: bool,
    /// `tapgate-dry-run: true`: only tell what would come of it.
    dry_run: bool,
}

/// The longest key of a request, in bytes.
const MOST_KEY: usize = 128;

/// A call whose body has to be read.
pub(super) struct Called {
    edits: HeaderEdits,
    wants: Wants,
}

/// What its body is read for.
enum Wants {
    Pass(passes::Permitted),
    Policy(policy::Editor),
}

/// Judges a call by its headers. `path` is what is below the API's root.
pub(super) fn judge(
    policy: &Arc<Policy>,
    path: &[u8],
    request: &RequestView<'_>,
    asked: Asked,
    context: &mut Context<'_>,
) -> Step<Head> {
    let call = Call::of(policy, request);
    let Some(route) = Route::of(path).filter(|_| !asked.tunnel) else {
        return decided(call.deny(&ApiError::NO_ROUTE, context));
    };
    if !route.methods().split(", ").any(|known| known.as_bytes() == asked.method) {
        let mut decision = call.deny(&ApiError::NO_METHOD, context);
        if let Verdict::Reply(reply) = &mut decision.verdict {
            reply.headers.push(("allow", route.methods().to_owned()));
        }
        return decided(decision);
    }
    let token = request.field("authorization");
    let has_cookie = !matches!(asked.session_cookie, SessionCookie::None);
    let verified = verified(policy, request, context.now);
    if has_cookie && (token != Field::Absent || verified.is_some()) {
        return decided(call.deny(&ApiError::TWO_CALLERS, context));
    }
    // The proxy may have found the token in a cookie, which another site's page makes a browser send along.
    if verified.is_some() && asked.cross_site {
        return decided(call.deny(&ApiError::CROSS_SITE, context));
    }
    let bearer = match token {
        Field::One(token) => Bearer::of(token, policy, context.now).or(verified),
        Field::Absent => verified,
        Field::Several => None,
    };
    match (route, bearer) {
        (Route::Mine(_), _) if asked.cross_site => decided(call.deny(&ApiError::CROSS_SITE, context)),
        (Route::Mine(resource), _) => {
            let person = person::recognise(policy, &asked, context);
            person.and_then(move |person, context| passes::mine(call, resource, &asked, person, context), context)
        }
        (Route::Of(name, resource), Some(bearer)) => {
            let then =
                move |caller, call, context: &mut Context<'_>| passes::of(call, name, resource, asked, caller, context);
            recognised(bearer, call, then, context)
        }
        (Route::Policy, Some(bearer)) => {
            let then = move |caller, call, context: &mut Context<'_>| policy::called(call, &asked, &caller, context);
            recognised(bearer, call, then, context)
        }
        (Route::Of(..) | Route::Policy, None) => decided(call.deny(&ApiError::UNAUTHENTICATED, context)),
    }
}

/// Goes on as whoever has a token is known.
fn recognised(
    bearer: Bearer,
    call: Call,
    then: impl FnOnce(Caller, Call, &mut Context<'_>) -> Step<Head> + 'static,
    context: &mut Context<'_>,
) -> Step<Head> {
    let (policy, name) = (Arc::clone(&call.policy), bearer.name.clone());
    let known = move |known, context: &mut Context<'_>| {
        let Ok(known) = known else { return decided(call.deny(&ApiError::NO_DIRECTORY, context)) };
        let caller = Caller::of(bearer, known, &call.policy);
        if !caller.is_active() {
            return decided(call.deny_to(&ApiError::NOT_PERMITTED, Some(&caller.identity), None, context));
        }
        then(caller, call, context)
    };
    ledger::find(&policy, name, By::NameOrId, known, context)
}

/// Whoever's token the proxy itself has verified, where the policy believes it (11.1).
fn verified(policy: &Policy, request: &RequestView<'_>, now: UnixSeconds) -> Option<Bearer> {
    let (provider, roles_claim) = policy.admin.as_ref()?.jwt_authn.as_ref()?;
    Bearer::of_verified(&request.verified_claims(provider)?, roles_claim, now)
}

impl Called {
    pub(super) fn edits(&self) -> &HeaderEdits {
        &self.edits
    }

    pub(super) fn refused(self, context: &Context<'_>) -> Decision {
        self.wants.deny(&ApiError::INTERNAL, context)
    }

    pub(super) fn too_large(self, context: &Context<'_>) -> Decision {
        self.wants.deny(&ApiError::TOO_LARGE, context)
    }

    pub(super) fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        match self.wants {
            Wants::Pass(permitted) => permitted.create(body, context),
            Wants::Policy(editor) => editor.patch(body, context),
        }
    }
}

impl Wants {
    fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        match self {
            Self::Pass(permitted) => permitted.deny(error, context),
            Self::Policy(editor) => editor.deny(error, context),
        }
    }

    /// Waits for the body, if it can be one that is read.
    fn await_body(self, asked: &Asked, context: &Context<'_>) -> Step<Head> {
        if asked.content_length.unwrap_or_default() > super::MOST_BODY as u64 {
            return decided(self.deny(&ApiError::TOO_LARGE, context));
        }
        let is_untyped = match &self {
            Self::Pass(permitted) => permitted.call.is_untyped,
            Self::Policy(editor) => editor.call.is_untyped,
        };
        // A body that there may not be is in no format; one that there is will have to read as JSON.
        if asked.body_format != Some(BodyFormat::Json) && !is_untyped {
            return decided(self.deny(&ApiError::NOT_JSON, context));
        }
        let mut edits = asked.strip_all();
        edits.remove(b"authorization");
        Step::Done(Head::Body(Box::new(Called { edits, wants: self }.into())))
    }
}

impl Conditions {
    fn of(request: &RequestView<'_>) -> Option<Self> {
        let word = |name, word: &[u8]| match request.field(name) {
            Field::Absent => Some(false),
            Field::One(value) => (value == word).then_some(true),
            Field::Several => None,
        };
        let key = match request.field("idempotency-key") {
            Field::Absent => None,
            Field::One(key) => {
                let fits = (1..=MOST_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
                Some(fits.then(|| std::str::from_utf8(key).ok()).flatten()?.to_owned())
            }
            Field::Several => return None,
        };
        Some(Self { key, only_if_none: word("if-none-match", b"*")?, dry_run: word("tapgate-dry-run", b"true")? })
    }
}

impl Call {
    fn of(policy: &Arc<Policy>, request: &RequestView<'_>) -> Self {
        let authority = String::from_utf8_lossy(request.authority()).into_owned();
        let scheme = if request.field(":scheme").one() == Some(b"http") { "http" } else { "https" };
        let reason = request.query("reason").or_else(|| {
            let header = request.field("tapgate-reason").one()?;
            std::str::from_utf8(header).ok().map(str::to_owned)
        });
        Self {
            root: format!("{scheme}://{authority}{}/{}", policy.base_path, graph::ROOT),
            ids: Ids {
                request: Ids::checked(request.field("x-request-id").one()),
                client: Ids::checked(request.field("client-request-id").one()),
            },
            reason: reason
                .map(|reason| reason.trim().to_owned())
                .filter(|reason| (1..=MOST_REASON).contains(&reason.len()) && !reason.chars().any(char::is_control)),
            conditions: Conditions::of(request),
            is_untyped: request.field("content-type") == Field::Absent,
            policy: Arc::clone(policy),
        }
    }

    /// Whether a change that can only be made, and not tried, is to be made.
    fn is_meant(&self) -> bool {
        self.conditions.as_ref().is_some_and(|asked| !asked.dry_run)
    }

    /// Whether the policy wants a reason for what is done, and none is given.
    fn lacks_reason(&self) -> bool {
        self.reason.is_none() && self.policy.admin.as_ref().is_some_and(|admin| admin.require_reason)
    }

    fn answer(&self, status: u16, body: &impl Serialize) -> Decision {
        self.identified(Reply::json(status, body))
    }

    /// Done, and nothing to say about it.
    fn done(&self) -> Decision {
        self.identified(Reply::nothing())
    }

    fn identified(&self, reply: Reply) -> Decision {
        let header = |reply: Reply, name, id: &Option<String>| match id {
            Some(id) => reply.header(name, id.clone()),
            None => reply,
        };
        let reply = header(reply, "request-id", &self.ids.request);
        let reply = header(reply, "client-request-id", &self.ids.client);
        Decision::reply(reply.header("odata-version", "4.0".into()))
    }

    fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        self.deny_to(error, None, None, context)
    }

    fn deny_to(
        &self,
        error: &ApiError,
        by: Option<&Identity>,
        of: Option<&Identity>,
        context: &Context<'_>,
    ) -> Decision {
        let mut reply = error.reply(&self.ids, context.now);
        if error.status == 401 {
            reply = reply.header("www-authenticate", format!("Bearer realm=\"{}\"", self.policy.tenant));
        }
        let event = self.event(Kind::AdminCall, Outcome::Denied(error.why()), by, of, context);
        self.identified(reply).audited(event)
    }

    fn event(
        &self,
        kind: Kind,
        outcome: Outcome,
        by: Option<&Identity>,
        of: Option<&Identity>,
        context: &Context<'_>,
    ) -> AuditEvent {
        let administration =
            Administration { by: by.cloned(), reason: self.reason.clone(), ..Administration::default() };
        AuditEvent {
            who: of.cloned().map_or(Who::Unknown, Who::User),
            administration: Some(Box::new(administration)),
            ..event(&self.policy, context, kind, outcome)
        }
    }
}
