//! The policy: who may see and amend it, and how (11.3). An amendment lies in the ledger, beside the records, and counts with the
//! next record that is looked at.

use std::sync::Arc;

use super::{Call, Wants};
use crate::audit::{Administration, AuditEvent, Kind, Outcome};
use crate::context::Context;
use crate::decide::asked::Asked;
use crate::decide::in_force::{self, Found};
use crate::decide::{Decision, Head, decided};
use crate::graph::{self, Action, ApiError, Caller, RoleTarget, may, policy_patch};
use crate::json::{Json, Object};
use crate::ledger::{self, Amendment, Loaded, RecordName, Step, SwapReply, Version};
use crate::names::{AttemptId, Identity};
use crate::policy::{InForce, NotAmended};

/// How often an amendment that was overtaken is made anew.
const MOST_TRIES: u8 = 8;

/// Somebody who may amend the policy.
pub(super) struct Editor {
    pub(super) call: Call,
    by: Identity,
}

/// What is to become of what is amended.
#[derive(Clone)]
enum Change {
    /// These members change besides.
    Members(Object),
    /// All of it is taken back.
    Nothing,
}

/// What an administrator asks about the policy.
pub(super) fn called(call: Call, asked: &Asked, caller: &Caller, context: &mut Context<'_>) -> Step<Head> {
    let action = if asked.method == b"GET" { Action::ViewPolicy } else { Action::ChangePolicy };
    let editor = Editor { call, by: caller.identity.clone() };
    if !may(&caller.roles(), action, RoleTarget::Unknown) {
        return decided(editor.deny(&ApiError::NOT_PERMITTED, context));
    }
    if action == Action::ViewPolicy {
        return editor.show();
    }
    if editor.call.lacks_reason() {
        return decided(editor.deny(&ApiError::NO_REASON, context));
    }
    if !editor.call.is_meant() {
        return decided(editor.deny(&ApiError::NOT_DRY, context));
    }
    match asked.method.as_slice() {
        b"DELETE" => Amending::of(editor, Change::Nothing).go_on().and_then(|done, _| decided(done), context),
        _ => Wants::Policy(editor).await_body(asked, context),
    }
}

impl Editor {
    pub(super) fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        self.call.deny_to(error, Some(&self.by), None, context)
    }

    fn show(self) -> Step<Head> {
        let policy = Arc::clone(&self.call.policy);
        let name = RecordName::of_nobody(&policy.tenant);
        in_force::load(policy, name, move |found, context| {
            let Ok(Found { in_force, .. }) = found else { return decided(self.deny(&ApiError::UNAVAILABLE, context)) };
            let answer = self.call.answer(200, &graph::policy(&self.call.root, in_force.passes()));
            let event = self.call.event(Kind::AdminCall, Outcome::Done, Some(&self.by), None, context);
            decided(answer.audited(event))
        })
    }

    pub(super) fn patch(self, body: &[u8], context: &Context<'_>) -> Step<Decision> {
        match policy_patch(body) {
            Ok(members) => Amending::of(self, Change::Members(members)).go_on(),
            Err(error) => Step::Done(self.deny(&error, context)),
        }
    }
}

/// An amendment on its way: load, decide, swap; one that is overtaken is made anew.
struct Amending {
    editor: Editor,
    change: Change,
    tries_left: u8,
    /// What was written of which no reply said that it stands.
    in_doubt: Vec<Amendment>,
    /// In place of which version something was written of which nobody knows whether it ever stood.
    unclear_since: Option<Option<Version>>,
}

impl Amending {
    fn of(editor: Editor, change: Change) -> Self {
        Self { editor, change, tries_left: MOST_TRIES, in_doubt: Vec::new(), unclear_since: None }
    }

    fn go_on(self) -> Step<Decision> {
        let policy = Arc::clone(&self.editor.call.policy);
        let name = RecordName::of_nobody(&policy.tenant);
        in_force::load(policy, name, move |found, context| match found {
            Ok(Found { loaded, in_force }) => self.decide(&loaded, &in_force, context),
            Err(_) => Step::Done(self.deny(&ApiError::UNAVAILABLE, context)),
        })
    }

    fn decide(mut self, loaded: &Loaded, in_force: &InForce, context: &mut Context<'_>) -> Step<Decision> {
        let standing = loaded.amendment();
        let landed = standing.is_some_and(|standing| self.in_doubt.contains(standing));
        let is_done = match self.change {
            Change::Nothing => standing.is_none_or(Amendment::is_none),
            Change::Members(_) => landed,
        };
        if is_done {
            return Step::Done(self.done(context));
        }
        // It may have stood until somebody built upon it or took it back: then making it anew would undo what they did.
        let built_upon = self.unclear_since.is_some_and(|version| version != loaded.amended_in());
        if built_upon || self.tries_left == 0 {
            return Step::Done(self.deny(&ApiError::CONFLICT, context));
        }
        self.tries_left = self.tries_left.saturating_sub(1);
        let Ok(attempt) = context.random.bytes() else {
            return Step::Done(self.deny(&ApiError::INTERNAL, context));
        };
        let amended = match &self.change {
            Change::Nothing => Ok(Amendment::none()),
            Change::Members(members) => in_force.policy().amend(standing, members, AttemptId::from_bytes(attempt)),
        };
        let amendment = match amended {
            Ok(amendment) => amendment,
            Err(NotAmended::Defects(defects)) => {
                return Step::Done(self.editor.deny(&ApiError::policy(&defects), context));
            }
            Err(NotAmended::TooLarge) => return Step::Done(self.editor.deny(&ApiError::POLICY_TOO_LARGE, context)),
        };
        let policy = Arc::clone(&self.editor.call.policy);
        let expected = loaded.amended_in();
        ledger::amend(policy, expected, amendment.clone(), move |reply, context| match reply {
            SwapReply::Swapped => Step::Done(self.done(context)),
            // It may be lost to itself: what lost the reply and asked again is told that another version stands.
            SwapReply::Lost | SwapReply::Unknown => {
                self.in_doubt.push(amendment);
                if reply == SwapReply::Unknown {
                    self.unclear_since.get_or_insert(expected);
                }
                self.go_on()
            }
            SwapReply::Refused => Step::Done(self.deny(&ApiError::UNAVAILABLE, context)),
        })
    }

    fn done(&self, context: &Context<'_>) -> Decision {
        self.editor.call.done().audited(self.event(Outcome::Done, context))
    }

    /// It may have been done all the same, so the log says what would have been.
    fn deny(&self, error: &ApiError, context: &Context<'_>) -> Decision {
        let mut decision = self.editor.deny(error, context);
        decision.audit = vec![self.event(Outcome::Denied(error.why()), context)];
        decision
    }

    fn event(&self, outcome: Outcome, context: &Context<'_>) -> AuditEvent {
        let Editor { call, by } = &self.editor;
        let event = call.event(Kind::PolicyChange, outcome, Some(by), None, context);
        let told = |(name, value): &(String, Json)| {
            let value = match value {
                // Their number: a log line is no place for a list.
                Json::Array(list) => format!("{} targets", list.len()),
                value => String::from_utf8(value.canonical()).unwrap_or_default(),
            };
            // The names are those of the policy's own members: they have been read.
            (format!("changed.{name}"), value)
        };
        let changed = match &self.change {
            Change::Members(Object(members)) => members.iter().map(told).collect(),
            Change::Nothing => vec![("changed".to_owned(), "all taken back".to_owned())],
        };
        let former = event.administration.map(|administration| *administration).unwrap_or_default();
        let administration = Some(Box::new(Administration { changed, ..former }));
        AuditEvent { administration, ..event }
    }
}
