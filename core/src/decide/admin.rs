//! Graph's API: who calls, what for, and what the ledger has to do with it (section 11).
//!
//! The order of a call: its address, who calls, what they may do at all, whom it is about, its body, the policy, the ledger.
//! Nobody learns whom the directory knows who may not ask.

use std::sync::Arc;

use serde::Serialize;

use super::asked::{Asked, SessionCookie};
use super::person::{self, Person};
use super::{Decision, Head, Verdict, decided, event};
use crate::audit::{Administration, AuditEvent, Kind, Outcome, Who};
use crate::code::{Code, CodeLength};
use crate::context::Context;
use crate::digest;
use crate::graph::{self, Action, ApiError, Caller, Ids, NewPass, Role, RoleTarget, Route, Whose, may};
use crate::headers::HeaderEdits;
use crate::ledger::{
    self, Attempt, Issue, Issued, Loaded, Purpose, RecordName, Revoke, StandingPass, Step, Unavailable, Withdraw,
};
use crate::names::{AttemptId, Identity, PassId};
use crate::policy::{Policy, Terms, UserType};
use crate::random::NoEntropy;
use crate::reply::Reply;
use crate::request::{BodyFormat, Field, RequestView};
use crate::time::{Minutes, Seconds, UnixSeconds};

/// The longest reason that is taken, in bytes.
const MOST_REASON: usize = 128;

/// A call, as far as its headers tell.
struct Call {
    policy: Arc<Policy>,
    /// Where the API lies, as the caller sees it.
    root: String,
    ids: Ids,
    reason: Option<String>,
    /// Whether nothing is said of what the body is written in.
    is_untyped: bool,
}

/// Somebody who may do what they ask for, and whom it is about.
struct Permitted {
    call: Call,
    by: Identity,
    /// The caller's roles by name; none for a person with a session.
    role_names: Vec<String>,
    of: Identity,
}

/// A call whose body has to be read.
pub(super) struct Called {
    permitted: Permitted,
    edits: HeaderEdits,
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
    if has_cookie && token != Field::Absent {
        return decided(call.deny(&ApiError::TWO_CALLERS, context));
    }
    if matches!(route, Route::Passes(Whose::Mine) | Route::Pass(Whose::Mine, _) | Route::Methods(Whose::Mine)) {
        if asked.cross_site {
            return decided(call.deny(&ApiError::CROSS_SITE, context));
        }
        let person = person::recognise(policy, &asked, context);
        return person.and_then(move |person, context| mine(call, route, &asked, person, context), context);
    }
    let caller = match token {
        Field::One(token) => Caller::of(token, policy, context.now),
        Field::Absent | Field::Several => None,
    };
    match caller {
        Some(caller) => called(call, route, &asked, caller, context),
        None => decided(call.deny(&ApiError::UNAUTHENTICATED, context)),
    }
}

/// What the session's person asks about themselves.
fn mine(call: Call, route: Route, asked: &Asked, person: Person, context: &mut Context<'_>) -> Step<Head> {
    let session = match person {
        Person::Live(session) => session,
        Person::Unknown(_) => return decided(call.deny(&ApiError::UNAVAILABLE, context)),
        Person::Nobody | Person::Stray | Person::Over(_) => {
            return decided(call.deny(&ApiError::UNAUTHENTICATED, context));
        }
    };
    let (by, of) = (session.identity.clone(), session.identity);
    carry_out(Permitted { call, by, role_names: Vec::new(), of }, route, asked, context)
}

/// What an administrator asks.
fn called(call: Call, route: Route, asked: &Asked, caller: Caller, context: &mut Context<'_>) -> Step<Head> {
    let roles = caller.roles();
    let (action, name) = match &route {
        Route::Policy => {
            if !may(&roles, Action::ViewPolicy, RoleTarget::Unknown) {
                return decided(call.deny_to(&ApiError::NOT_PERMITTED, Some(&caller.identity), None, context));
            }
            let body = graph::policy(&call.root, &call.policy);
            return decided(call.answer(200, &body).audited(call.event(
                Kind::AdminCall,
                Outcome::Done,
                Some(&caller.identity),
                None,
                context,
            )));
        }
        Route::Passes(Whose::Of(name)) if asked.method == b"POST" => (Action::Create, name),
        Route::Pass(Whose::Of(name), _) if asked.method == b"DELETE" => (Action::Delete, name),
        Route::Passes(Whose::Of(name)) | Route::Pass(Whose::Of(name), _) | Route::Methods(Whose::Of(name)) => {
            (Action::View, name)
        }
        // Answered above.
        Route::Passes(Whose::Mine) | Route::Pass(Whose::Mine, _) | Route::Methods(Whose::Mine) => {
            return decided(call.deny(&ApiError::INTERNAL, context));
        }
    };
    let denied = |error: &ApiError, of: Option<&Identity>, context: &Context<'_>| {
        decided(call.deny_to(error, Some(&caller.identity), of, context))
    };
    let of = call.policy.directory.resolve(name);
    let is_self = of.as_ref() == Some(&caller.identity);
    // Whoever may not even do this to somebody without any role is not told who exists.
    if !is_self && !may(&roles, action, RoleTarget::Known(&[])) {
        return denied(&ApiError::NOT_PERMITTED, None, context);
    }
    let Some(of) = of else { return denied(&ApiError::NO_USER, None, context) };
    if action == Action::Create && call.policy.directory.may_be_one(&caller.identity, &of) {
        return denied(&ApiError::self_service(of.as_str()), Some(&of), context);
    }
    let theirs = call.policy.directory.roles_of(&of);
    let target = match &theirs {
        _ if is_self => RoleTarget::Myself,
        Some(theirs) => RoleTarget::Known(theirs),
        None => RoleTarget::Unknown,
    };
    if !may(&roles, action, target) {
        return denied(&ApiError::NOT_PERMITTED, Some(&of), context);
    }
    let permitted = Permitted { call, by: caller.identity, role_names: caller.role_names, of };
    carry_out(permitted, route, asked, context)
}

/// Does what has been permitted, once the body has come where it matters.
fn carry_out(permitted: Permitted, route: Route, asked: &Asked, context: &mut Context<'_>) -> Step<Head> {
    let changes = asked.method != b"GET";
    let required = permitted.call.policy.admin.as_ref().is_some_and(|admin| admin.require_reason);
    if changes && required && permitted.call.reason.is_none() {
        return decided(permitted.deny(&ApiError::NO_REASON, context));
    }
    match route {
        Route::Passes(_) if changes => {
            let announced = asked.content_length.unwrap_or_default();
            if announced > super::MOST_BODY as u64 {
                return decided(permitted.deny(&ApiError::TOO_LARGE, context));
            }
            // A body that there may not be is in no format; one that there is will have to read as JSON.
            if asked.body_format != Some(BodyFormat::Json) && !permitted.call.is_untyped {
                return decided(permitted.deny(&ApiError::NOT_JSON, context));
            }
            let mut edits = asked.strip_all();
            edits.remove(b"authorization");
            Step::Done(Head::Body(Box::new(Called { edits, permitted }.into())))
        }
        Route::Pass(_, id) if changes => permitted.withdraw(id, context),
        Route::Passes(_) => permitted.look(|permitted, pass, now| {
            let Permitted { call, of, .. } = permitted;
            Ok(call.answer(200, &graph::passes(&call.root, &call.policy, of, pass, now)))
        }),
        Route::Methods(_) => permitted.look(|permitted, pass, now| {
            let Permitted { call, of, .. } = permitted;
            Ok(call.answer(200, &graph::methods(&call.root, &call.policy, of, pass, now)))
        }),
        Route::Pass(_, id) => permitted.look(move |permitted, pass, now| {
            let Permitted { call, of, .. } = permitted;
            let pass = pass.filter(|pass| pass.id == id).ok_or(ApiError::NO_PASS)?;
            Ok(call.answer(200, &graph::Pass::one(&call.root, &call.policy, of, pass, None, now)))
        }),
        Route::Policy => decided(permitted.deny(&ApiError::INTERNAL, context)),
    }
}

impl Called {
    pub(super) fn edits(&self) -> &HeaderEdits {
        &self.edits
    }

    pub(super) fn refused(self, context: &Context<'_>) -> Decision {
        self.permitted.deny(&ApiError::INTERNAL, context)
    }

    pub(super) fn too_large(self, context: &Context<'_>) -> Decision {
        self.permitted.deny(&ApiError::TOO_LARGE, context)
    }

    pub(super) fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        let permitted = self.permitted;
        match NewPass::read(body).and_then(|asked| permitted.terms(&asked, context.now)) {
            Ok(new) => permitted.issue(&new, context),
            Err(error) => Step::Done(permitted.deny(&error, context)),
        }
    }
}

/// What a new pass is to be like, within the policy.
struct New {
    start: Option<UnixSeconds>,
    lifetime: Minutes,
    once: bool,
}

impl Permitted {
    /// What the policy makes of what was asked for.
    fn terms(&self, asked: &NewPass, now: UnixSeconds) -> Result<New, ApiError> {
        let policy = &self.call.policy;
        if policy.directory.user_type(&self.of) == Some(UserType::Guest) {
            return Err(ApiError::GUEST);
        }
        // A pass that could not be signed in with is not handed out.
        policy.still_open_to(&self.of, None).map_err(|_| ApiError::NOT_BY_POLICY)?;
        let passes = &policy.passes;
        let cap = self.cap();
        let least = passes.minimum_lifetime.get();
        let most = cap.0.map_or(passes.maximum_lifetime, |cap| cap.min(passes.maximum_lifetime)).get();
        let lifetime = asked.lifetime.unwrap_or_else(|| i64::from(passes.default_lifetime.get().min(most)));
        let lifetime = u32::try_from(lifetime).ok().filter(|minutes| (least..=most).contains(minutes));
        let lifetime = Minutes::new(lifetime.ok_or_else(|| ApiError::lifetime(least, most))?);
        if let Some(start) = asked.start {
            if start.plus(lifetime) <= now {
                return Err(ApiError::bad(
                    "Invalid StartDateTime specified. The pass would have ended already.".into(),
                ));
            }
            if start.since(now) > Seconds::from(policy.sign_in.starts_within) {
                let most = policy.sign_in.starts_within.get();
                return Err(ApiError::bad(format!(
                    "Invalid StartDateTime specified. A pass starts within {most} minutes of its issue."
                )));
            }
        }
        Ok(New {
            start: asked.start,
            lifetime,
            // `false` is honoured only where policy and role allow it.
            once: passes.is_usable_once || cap.1 || asked.once.unwrap_or_default(),
        })
    }

    /// The longest lifetime, and whether one-time only, that the caller's roles allow: the widest of those that reach this user.
    fn cap(&self) -> (Option<Minutes>, bool) {
        let Some(admin) = &self.call.policy.admin else { return (None, false) };
        let theirs = self.call.policy.directory.roles_of(&self.of);
        let target = theirs.as_deref().map_or(RoleTarget::Unknown, RoleTarget::Known);
        let reaching =
            self.role_names.iter().map(|name| Role::named(name)).filter(|role| may(&[*role], Action::Create, target));
        let caps: Vec<_> =
            reaching.map(|role| admin.caps.iter().find(|(capped, _)| *capped == role).map(|(_, cap)| *cap)).collect();
        let lifetimes: Option<Vec<Minutes>> = caps.iter().map(|cap| cap.and_then(|cap| cap.maximum_lifetime)).collect();
        let once = !caps.is_empty() && caps.iter().all(|cap| cap.is_some_and(|cap| cap.is_usable_once));
        (lifetimes.and_then(|lifetimes| lifetimes.into_iter().max()), once)
    }

    fn issue(self, new: &New, context: &mut Context<'_>) -> Step<Decision> {
        let policy = Arc::clone(&self.call.policy);
        let Ok((attempt, id)) = random_ids(context) else { return Step::Done(self.deny(&ApiError::INTERNAL, context)) };
        let (Some(id), Some(length)) = (id, CodeLength::new(policy.passes.default_length)) else {
            return Step::Done(self.deny(&ApiError::INTERNAL, context));
        };
        let event = Issue {
            id,
            start: new.start,
            lifetime: new.lifetime.into(),
            once: new.once,
            key: policy.gateway_keys.code_key().clone(),
            length,
            longest_from_issue: policy.longest_from_issue(),
        };
        let id = event.id.clone();
        let next = ledger::Next::Load(Attempt::begin(attempt, self.record(), event));
        let finish = move |outcome: Result<Issued, Unavailable>, context: &mut Context<'_>| {
            Step::Done(match outcome {
                Ok(issued) => self.issued(&issued, context),
                Err(Unavailable) => self.in_doubt(Kind::PassIssue, &id, context),
            })
        };
        ledger::carry_out(policy, next, finish, context)
    }

    fn issued(&self, Issued { pass, replaced }: &Issued, context: &Context<'_>) -> Decision {
        let Self { call, by, of, .. } = self;
        let code = pass
            .code
            .as_ref()
            .and_then(|code| Code::derive(&call.policy.gateway_keys, &code.key, of, &pass.id, code.length));
        let Some(code) = code else { return self.deny(&ApiError::INTERNAL, context) };
        let body = graph::Pass::one(&call.root, &call.policy, of, pass, Some(&code), context.now);
        let kind = if replaced.is_some() { Kind::PassReplace } else { Kind::PassIssue };
        let event = call.event(kind, Outcome::Done, Some(by), Some(of), context);
        call.answer(201, &body).audited(about_pass(event, pass, replaced.clone()))
    }

    fn withdraw(self, id: PassId, context: &mut Context<'_>) -> Step<Head> {
        let policy = Arc::clone(&self.call.policy);
        let Ok(attempt) = context.random.bytes() else { return decided(self.deny(&ApiError::INTERNAL, context)) };
        let revoke = Revoke { skew: policy.clock_skew, longest_from_issue: policy.longest_from_issue() };
        let event = Withdraw { id: id.clone(), revoke };
        let next = ledger::Next::Load(Attempt::begin(AttemptId::from_bytes(attempt), self.record(), event));
        let finish = move |outcome, context: &mut Context<'_>| {
            let Self { call, by, of, .. } = &self;
            decided(match outcome {
                Ok(Some(pass)) => {
                    let event = call.event(Kind::PassDelete, Outcome::Done, Some(by), Some(of), context);
                    call.done().audited(about_pass(event, &pass, None))
                }
                Ok(None) => self.deny(&ApiError::NO_PASS, context),
                Err(Unavailable) => self.in_doubt(Kind::PassDelete, &id, context),
            })
        };
        ledger::carry_out(policy, next, finish, context)
    }

    /// Answers by the pass that stands.
    fn look(
        self,
        answer: impl FnOnce(&Self, Option<&StandingPass>, UnixSeconds) -> Result<Decision, ApiError> + 'static,
    ) -> Step<Head> {
        let (policy, name) = (Arc::clone(&self.call.policy), self.record());
        ledger::load(policy, name, Purpose::Change, move |loaded: Result<Loaded, Unavailable>, context| {
            let Ok(loaded) = loaded else { return decided(self.deny(&ApiError::UNAVAILABLE, context)) };
            let pass = loaded.record.as_ref().and_then(|(record, _)| record.pass.as_ref());
            decided(match answer(&self, pass, context.now) {
                Ok(decision) => {
                    let Self { call, by, of, .. } = &self;
                    decision.audited(call.event(Kind::AdminCall, Outcome::Done, Some(by), Some(of), context))
                }
                Err(error) => self.deny(&error, context),
            })
        })
    }

    fn record(&self) -> RecordName {
        RecordName::of(&self.call.policy.tenant, &self.of)
    }

    fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        self.call.deny_to(error, Some(&self.by), Some(&self.of), context)
    }

    /// The ledger did not say whether it was done: the log names the pass all the same, since it may have been.
    fn in_doubt(&self, kind: Kind, id: &PassId, context: &Context<'_>) -> Decision {
        let mut decision = self.deny(&ApiError::UNAVAILABLE, context);
        for event in &mut decision.audit {
            (event.kind, event.pass) = (kind, Some(id.clone()));
        }
        decision
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
            is_untyped: request.field("content-type") == Field::Absent,
            policy: Arc::clone(policy),
        }
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

fn about_pass(event: AuditEvent, pass: &StandingPass, replaced: Option<PassId>) -> AuditEvent {
    let terms = Some(Terms { start: pass.start, end: pass.end, once: pass.once });
    let former = event.administration.map(|administration| *administration).unwrap_or_default();
    AuditEvent {
        pass: Some(pass.id.clone()),
        administration: Some(Box::new(Administration { terms, replaced, ..former })),
        ..event
    }
}

/// An attempt's id, and a pass's: a random UUID (RFC 9562, version 4), as Graph's are.
fn random_ids(context: &mut Context<'_>) -> Result<(AttemptId, Option<PassId>), NoEntropy> {
    let attempt = AttemptId::from_bytes(context.random.bytes()?);
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = context.random.bytes()?;
    let (version, variant) = ((g & 0x0f) | 0x40, (i & 0x3f) | 0x80);
    let groups: [&[u8]; 5] = [&[a, b, c, d], &[e, f], &[version, h], &[variant, j], &[k, l, m, n, o, p]];
    let id = groups.map(digest::hex).join("-").parse().ok();
    Ok((attempt, id))
}
