//! A request whose body decides: a sign-in, or a call of the admin API.

use super::admin::Called;
use super::answer::Stream;
use super::sign_in::Carried;
use super::{Decision, MOST_BODY};
use crate::context::Context;
use crate::headers::HeaderEdits;
use crate::ledger::Step;

/// A request whose body has to be read before it is decided.
///
/// Its headers may go on once [`AwaitBody::edits`] are made, as long as its body is held until the decision.
pub struct AwaitBody(Held);

enum Held {
    SignIn(Carried),
    Call(Called),
}

impl From<Carried> for AwaitBody {
    fn from(carried: Carried) -> Self {
        Self(Held::SignIn(carried))
    }
}

impl From<Called> for AwaitBody {
    fn from(called: Called) -> Self {
        Self(Held::Call(called))
    }
}

impl AwaitBody {
    /// What to change in the headers before they go on.
    #[must_use]
    pub fn edits(&self) -> &HeaderEdits {
        match &self.0 {
            Held::SignIn(carried) => carried.edits(),
            Held::Call(called) => called.edits(),
        }
    }

    /// What an answer that comes before the body has ended is judged by; `None` if the request must not have gone on,
    /// so that no answer to it may come back: then [`AwaitBody::refused`] decides.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        match &self.0 {
            Held::SignIn(carried) => carried.stream(),
            Held::Call(_) => None,
        }
    }

    /// Decides in place of an answer that must not come back.
    #[must_use]
    pub fn refused(self, context: &Context<'_>) -> Decision {
        match self.0 {
            Held::SignIn(carried) => carried.refused(context),
            Held::Call(called) => called.refused(context),
        }
    }

    /// Whether a body may go on that decides nothing any more, since its request has been answered.
    #[must_use]
    pub fn may_go_on(&self, body: &[u8]) -> bool {
        match &self.0 {
            Held::SignIn(carried) => carried.may_go_on(body),
            Held::Call(_) => false,
        }
    }

    /// Decides once more than [`MOST_BODY`] bytes have come: it is not ours, or too large (4.2).
    pub fn too_large(self, context: &mut Context<'_>) -> Decision {
        match self.0 {
            Held::SignIn(carried) => carried.too_large(context),
            Held::Call(called) => called.too_large(context),
        }
    }

    /// Decides by the whole body.
    pub fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        if body.len() > MOST_BODY {
            return Step::Done(self.too_large(context));
        }
        match self.0 {
            Held::SignIn(carried) => carried.complete(body, context),
            Held::Call(called) => called.complete(body, context),
        }
    }
}
