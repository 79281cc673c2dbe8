//! The body that may carry a pass: held until it is whole, then a signed pass or a typed code, or nothing of ours (section 4).

use std::sync::Arc;

use super::answer::Stream;
use super::asked::Asked;
use super::presented::{NotOnePass, Presented};
use super::{Decision, MOST_BODY, Verdict, internal, refusals, signed, typed};
use crate::audit::Kind;
use crate::context::Context;
use crate::headers::HeaderEdits;
use crate::ledger::Step;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::request::BodyFormat;

/// Whether a request to the gateway's own sign-in may carry a pass, so that its body has to be read (4.1, 4.2).
pub(super) fn may_carry_pass(policy: &Policy, asked: &Asked) -> bool {
    asked.method == b"POST"
        && policy.sign_in.path.is(&asked.path)
        && asked.body_format.is_some()
        && asked.content_length.is_none_or(|length| length <= MOST_BODY as u64)
        && !asked.tunnel
}

/// A request whose body may hold a pass.
pub(super) struct Carried {
    policy: Arc<Policy>,
    asked: Asked,
    edits: HeaderEdits,
    /// What becomes of it if it carries no pass; `None` if it must carry one.
    otherwise: Option<Decision>,
}

impl Carried {
    /// A POST to the plugin's own sign-in.
    pub(super) fn alone(policy: &Arc<Policy>, mut asked: Asked) -> Self {
        let edits = asked.strip_all();
        asked.forget_headers();
        Self { policy: Arc::clone(policy), asked, edits, otherwise: None }
    }

    /// A POST to the gateway's sign-in, which has become `otherwise` should it carry no pass.
    pub(super) fn beside(policy: &Arc<Policy>, mut asked: Asked, mut otherwise: Decision) -> Self {
        let edits = match &mut otherwise.verdict {
            Verdict::Forward(forward) => std::mem::take(&mut forward.edits),
            Verdict::Reply(_) => asked.strip_all(),
        };
        asked.forget_headers();
        Self { policy: Arc::clone(policy), asked, edits, otherwise: Some(otherwise) }
    }

    /// What to change in the headers before they go on.
    pub(super) fn edits(&self) -> &HeaderEdits {
        &self.edits
    }

    /// What an answer that comes before the body has ended is judged by; `None` if the request must not have gone on,
    /// so that no answer to it may come back.
    pub(super) fn stream(&self) -> Option<Stream> {
        match &self.otherwise.as_ref()?.verdict {
            Verdict::Forward(forward) => Some(forward.stream.clone()),
            Verdict::Reply(_) => None,
        }
    }

    /// Decides in place of an answer that must not come back.
    pub(super) fn refused(self, context: &Context<'_>) -> Decision {
        let refused = self.otherwise.filter(|decision| matches!(decision.verdict, Verdict::Reply(_)));
        refused.unwrap_or_else(|| internal(&self.policy, context))
    }

    /// Whether a body may go on that can be no sign-in any more, since its request has been answered: not with a pass
    /// in it.
    pub(super) fn may_go_on(&self, body: &[u8]) -> bool {
        body.len() > MOST_BODY || matches!(self.presented(body), Ok(None))
    }

    fn presented(&self, body: &[u8]) -> Result<Option<Presented>, NotOnePass> {
        Presented::read(body, self.asked.body_format.unwrap_or(BodyFormat::Form), &self.policy)
    }

    /// Decides once more than [`MOST_BODY`] bytes have come: it is not ours, or too large (4.2).
    pub(super) fn too_large(self, context: &mut Context<'_>) -> Decision {
        match self.otherwise {
            Some(otherwise) => otherwise,
            None => refusals::sign_in(&self.policy, &self.asked, Refusal::TooLarge, context),
        }
    }

    /// Decides by the whole body.
    pub(super) fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        let presented = match (self.presented(body), self.otherwise) {
            (Ok(Some(presented)), _) => presented,
            (Ok(None), Some(otherwise)) => return Step::Done(otherwise),
            (Ok(None) | Err(NotOnePass), _) => {
                return Step::Done(refusals::sign_in(&self.policy, &self.asked, Refusal::Malformed, context));
            }
        };
        if self.asked.cross_site {
            return Step::Done(refusals::cross_site(&self.policy, &self.asked, Kind::SignIn, context));
        }
        // A signed pass has dots in it; a typed code has none (4.1).
        if presented.pass.contains('.') {
            signed::present(&self.policy, self.asked, presented, context)
        } else {
            typed::present(&self.policy, self.asked, presented, context)
        }
    }
}
