//! Passes: who may issue, see and take back whose, and how (11.1, 11.2, 11.4).

use std::sync::Arc;

use super::{Call, Wants};
use crate::audit::{Administration, AuditEvent, Kind, Outcome};
use crate::code::{Code, CodeLength};
use crate::context::Context;
use crate::decide::asked::Asked;
use crate::decide::in_force::{self, Found};
use crate::decide::person::Person;
use crate::decide::{Decision, Head, decided};
use crate::digest;
use crate::directory::{self, By, Known, UserType};
use crate::graph::{self, Action, ApiError, Caller, NewPass, Resource, Role, RoleTarget, may};
use crate::ledger::{
    self, Attempt, Event as _, Issue, Issued, Loaded, RecordName, Revoke, StandingPass, Step, Unavailable, Withdraw,
};
use crate::names::{AttemptId, Identity, PassId, UserName};
use crate::policy::{InForce, Terms};
use crate::random::NoEntropy;
use crate::time::{Minutes, Seconds, UnixSeconds};

/// Somebody who may do what they ask for, and whom it is about.
pub(super) struct Permitted {
    pub(super) call: Call,
    by: Identity,
    /// The caller's roles by name; none for a person with a session.
    role_names: Vec<String>,
    of: Known,
}

/// What the session's person asks about themselves.
pub(super) fn mine(
    call: Call,
    resource: Resource,
    asked: &Asked,
    person: Person,
    context: &mut Context<'_>,
) -> Step<Head> {
    let session = match person {
        Person::Live(session) => session,
        Person::Unknown(_) => return decided(call.deny(&ApiError::UNAVAILABLE, context)),
        Person::Nobody | Person::Stray | Person::Over(_) => {
            return decided(call.deny(&ApiError::UNAUTHENTICATED, context));
        }
    };
    let by = session.identity.clone();
    let groups = call.policy.directory.groups_since(&by, session.groups.as_ref()).flatten().cloned();
    let of = Known::bare(session.identity, groups);
    carry_out(Permitted { call, by, role_names: Vec::new(), of }, resource, asked, context)
}

/// What an administrator asks about somebody.
pub(super) fn of(
    call: Call,
    name: UserName,
    resource: Resource,
    asked: Asked,
    caller: Caller,
    context: &mut Context<'_>,
) -> Step<Head> {
    let action = match (asked.method.as_slice(), &resource) {
        (b"POST", _) => Action::Create,
        (b"DELETE", _) => Action::Delete,
        _ => Action::View,
    };
    // Whoever may not even do this to somebody without any role is not told who exists.
    if !caller.is_called(&name) && !may(&caller.roles(), action, RoleTarget::Known(&[])) {
        return decided(call.deny_to(&ApiError::NOT_PERMITTED, Some(&caller.identity), None, context));
    }
    let policy = Arc::clone(&call.policy);
    let then = move |known: Result<Option<Known>, directory::Unavailable>, context: &mut Context<'_>| {
        let denied = |error: &ApiError, of: Option<&Identity>, context: &Context<'_>| {
            decided(call.deny_to(error, Some(&caller.identity), of, context))
        };
        let of = match known {
            Ok(Some(of)) => of,
            Ok(None) => return denied(&ApiError::NO_USER, None, context),
            Err(directory::Unavailable) => return denied(&ApiError::NO_DIRECTORY, None, context),
        };
        if action == Action::Create && caller.may_be(&of) {
            return denied(&ApiError::self_service(of.identity.as_str()), Some(&of.identity), context);
        }
        let theirs = of.roles();
        let target = match &theirs {
            _ if of.identity == caller.identity => RoleTarget::Myself,
            Some(theirs) => RoleTarget::Known(theirs),
            None => RoleTarget::Unknown,
        };
        if !may(&caller.roles(), action, target) {
            return denied(&ApiError::NOT_PERMITTED, Some(&of.identity), context);
        }
        let permitted = Permitted { call, by: caller.identity, role_names: caller.role_names, of };
        carry_out(permitted, resource, &asked, context)
    };
    ledger::find(&policy, name, By::NameOrId, then, context)
}

/// Does what has been permitted, once the body has come where it matters.
fn carry_out(permitted: Permitted, resource: Resource, asked: &Asked, context: &mut Context<'_>) -> Step<Head> {
    let changes = asked.method != b"GET";
    if changes && permitted.call.lacks_reason() {
        return decided(permitted.deny(&ApiError::NO_REASON, context));
    }
    match resource {
        Resource::Passes if changes => Wants::Pass(permitted).await_body(asked, context),
        Resource::Pass(_) if changes && !permitted.call.is_meant() => {
            decided(permitted.deny(&ApiError::NOT_DRY, context))
        }
        Resource::Pass(id) if changes => permitted.withdraw(id, context),
        Resource::Passes => permitted.look(|permitted, pass, in_force, now| {
            let Permitted { call, of, .. } = permitted;
            Ok(call.answer(200, &graph::passes(&call.root, in_force, of, pass, now)))
        }),
        Resource::Methods => permitted.look(|permitted, pass, in_force, now| {
            let Permitted { call, of, .. } = permitted;
            Ok(call.answer(200, &graph::methods(&call.root, in_force, of, pass, now)))
        }),
        Resource::Pass(id) => permitted.look(move |permitted, pass, in_force, now| {
            let Permitted { call, of, .. } = permitted;
            let pass = pass.filter(|pass| pass.id == id).ok_or(ApiError::NO_PASS)?;
            Ok(call.answer(200, &graph::Pass::one(&call.root, in_force, of, pass, None, now)))
        }),
    }
}

/// What a new pass is to be like, within the policy.
struct New {
    start: Option<UnixSeconds>,
    lifetime: Minutes,
    once: bool,
}

impl Permitted {
    /// Issues a pass as a body asks for it.
    pub(super) fn create(self, body: &[u8], context: &Context<'_>) -> Step<Decision> {
        if self.call.conditions.is_none() {
            return Step::Done(self.deny(&ApiError::NO_CONDITION, context));
        }
        let asked = match NewPass::read(body) {
            Ok(asked) => asked,
            Err(error) => return Step::Done(self.deny(&error, context)),
        };
        let (policy, name) = (Arc::clone(&self.call.policy), self.record());
        in_force::load(policy, name, move |found, context| {
            let Ok(found) = found else { return Step::Done(self.in_doubt(Kind::PassIssue, None, context)) };
            match self.terms(&asked, &found.in_force, context.now) {
                Ok(new) => self.issue(&new, found, context),
                Err(error) => Step::Done(self.deny(&error, context)),
            }
        })
    }

    /// What the policy makes of what was asked for.
    fn terms(&self, asked: &NewPass, in_force: &InForce, now: UnixSeconds) -> Result<New, ApiError> {
        let policy = &self.call.policy;
        if self.of.user_type == Some(UserType::Guest) {
            return Err(ApiError::GUEST);
        }
        // A pass that could not be signed in with is not handed out.
        if !self.of.active {
            return Err(ApiError::INACTIVE);
        }
        let still_open = in_force.still_open_to(&self.of.identity, self.of.groups.as_ref());
        still_open.map_err(|_| ApiError::NOT_BY_POLICY)?;
        let passes = in_force.passes();
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
        let theirs = self.of.roles();
        let target = theirs.as_deref().map_or(RoleTarget::Unknown, RoleTarget::Known);
        let reaching =
            self.role_names.iter().map(|name| Role::named(name)).filter(|role| may(&[*role], Action::Create, target));
        let caps: Vec<_> =
            reaching.map(|role| admin.caps.iter().find(|(capped, _)| *capped == role).map(|(_, cap)| *cap)).collect();
        let lifetimes: Option<Vec<Minutes>> = caps.iter().map(|cap| cap.and_then(|cap| cap.maximum_lifetime)).collect();
        let once = !caps.is_empty() && caps.iter().all(|cap| cap.is_some_and(|cap| cap.is_usable_once));
        (lifetimes.and_then(|lifetimes| lifetimes.into_iter().max()), once)
    }

    fn issue(self, new: &New, Found { loaded, in_force }: Found, context: &mut Context<'_>) -> Step<Decision> {
        let policy = Arc::clone(&self.call.policy);
        let Ok((attempt, id)) = random_ids(context) else { return Step::Done(self.deny(&ApiError::INTERNAL, context)) };
        let (Some(id), Some(length)) = (id, CodeLength::new(in_force.passes().default_length)) else {
            return Step::Done(self.deny(&ApiError::INTERNAL, context));
        };
        let conditions = self.call.conditions.as_ref();
        let event = Issue {
            id,
            start: new.start,
            lifetime: new.lifetime.into(),
            once: new.once,
            key: policy.gateway_keys.code_key().clone(),
            length,
            request: conditions
                .and_then(|asked| asked.key.as_ref())
                .map(|key| policy.gateway_keys.request_hashes(&self.of.identity, key, &self.by)),
            only_if_none: conditions.is_some_and(|asked| asked.only_if_none),
            longest_from_issue: policy.longest_from_issue(),
        };
        if conditions.is_some_and(|asked| asked.dry_run) {
            let record = loaded.record.as_ref().map(|(record, _)| record);
            let would = event.apply(record, loaded.birth, context.now).outcome;
            return Step::Done(self.would_be(&would, &in_force, context));
        }
        let id = event.id.clone();
        let amended_in = loaded.amended_in();
        let next = Attempt::begin(attempt, self.record(), event).answer(Ok(loaded), context.now);
        // Whoever asks again is told what the policy says now.
        let overtaken = move |loaded: &Loaded| (loaded.amended_in() != amended_in).then_some(Err(Unavailable));
        let finish = move |outcome: Result<Issued, Unavailable>, context: &mut Context<'_>| {
            Step::Done(match outcome {
                Ok(issued) => self.issued(&issued, &in_force, context),
                Err(Unavailable) => self.in_doubt(Kind::PassIssue, Some(&id), context),
            })
        };
        ledger::carry_out(policy, next, overtaken, finish, context)
    }

    fn issued(&self, issued: &Issued, in_force: &InForce, context: &Context<'_>) -> Decision {
        let Self { call, by, of, .. } = self;
        let (pass, replaced, same_caller) = match issued {
            Issued::Now { pass, replaced } => (pass, Some(replaced), true),
            Issued::Before { pass: Some(pass), same_caller } => (pass, None, *same_caller),
            Issued::Before { pass: None, .. } => return self.deny(&ApiError::ISSUED_BEFORE, context),
            Issued::Stands(_) => return self.deny(&ApiError::PASS_STANDS, context),
        };
        // Whoever made a request may have lost its answer, and with that the code: they are told it again, and nobody else is.
        let shows = same_caller && (replaced.is_some() || (!pass.presented && pass.is_of_use(context.now)));
        let derived = pass.code.as_ref().filter(|_| shows);
        let code = derived
            .and_then(|code| Code::derive(&call.policy.gateway_keys, &code.key, &of.identity, &pass.id, code.length));
        if shows && code.is_none() {
            return self.deny(&ApiError::INTERNAL, context);
        }
        let body = graph::Pass::one(&call.root, in_force, of, pass, code.as_ref(), context.now);
        let (status, kind, outcome) = match replaced {
            Some(None) => (201, Kind::PassIssue, Outcome::Done),
            Some(Some(_)) => (201, Kind::PassReplace, Outcome::Done),
            None => (200, Kind::PassIssue, Outcome::Ignored(if shows { "repeated" } else { "issued_before" })),
        };
        let event = call.event(kind, outcome, Some(by), Some(&of.identity), context);
        call.answer(status, &body).audited(about_pass(event, pass, replaced.cloned().flatten()))
    }

    /// What would come of it, told without doing it, and never with a code.
    fn would_be(&self, issued: &Issued, in_force: &InForce, context: &Context<'_>) -> Decision {
        let Self { call, by, of, .. } = self;
        let looked = || call.event(Kind::AdminCall, Outcome::Done, Some(by), Some(&of.identity), context);
        match issued {
            Issued::Now { .. } => call.done().audited(looked()),
            Issued::Before { pass: Some(pass), .. } => {
                let body = graph::Pass::one(&call.root, in_force, of, pass, None, context.now);
                call.answer(200, &body).audited(looked())
            }
            Issued::Before { pass: None, .. } => self.deny(&ApiError::ISSUED_BEFORE, context),
            Issued::Stands(_) => self.deny(&ApiError::PASS_STANDS, context),
        }
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
                    let event = call.event(Kind::PassDelete, Outcome::Done, Some(by), Some(&of.identity), context);
                    call.done().audited(about_pass(event, &pass, None))
                }
                Ok(None) => self.deny(&ApiError::NO_PASS, context),
                Err(Unavailable) => self.in_doubt(Kind::PassDelete, Some(&id), context),
            })
        };
        ledger::carry_out(policy, next, |_| None, finish, context)
    }

    /// Answers by the pass that stands.
    fn look(
        self,
        answer: impl FnOnce(&Self, Option<&StandingPass>, &InForce, UnixSeconds) -> Result<Decision, ApiError> + 'static,
    ) -> Step<Head> {
        let (policy, name) = (Arc::clone(&self.call.policy), self.record());
        in_force::load(policy, name, move |found, context| {
            let Ok(Found { loaded, in_force }) = found else {
                return decided(self.deny(&ApiError::UNAVAILABLE, context));
            };
            let pass = loaded.record.as_ref().and_then(|(record, _)| record.pass.as_ref());
            decided(match answer(&self, pass, &in_force, context.now) {
                Ok(decision) => {
                    let Self { call, by, of, .. } = &self;
                    decision.audited(call.event(Kind::AdminCall, Outcome::Done, Some(by), Some(&of.identity), context))
                }
                Err(error) => self.deny(&error, context),
            })
        })
    }

    fn record(&self) -> RecordName {
        RecordName::of(&self.call.policy.tenant, &self.of.identity)
    }

    pub(super) fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        self.call.deny_to(error, Some(&self.by), Some(&self.of.identity), context)
    }

    /// The ledger did not say whether it was done: the log names the pass all the same, where there is one, since it may have been.
    fn in_doubt(&self, kind: Kind, id: Option<&PassId>, context: &Context<'_>) -> Decision {
        let mut decision = self.deny(&ApiError::UNAVAILABLE, context);
        for event in &mut decision.audit {
            (event.kind, event.pass) = (kind, id.cloned());
        }
        decision
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
