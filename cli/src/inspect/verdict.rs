//! What is to be thought of a pass: the rules are `tapgate-core`'s, this says which of them were applied.

use tapgate_cases::inspect::Form;
use tapgate_core::key::{KeyRing, Passes};
use tapgate_core::pass::{Expected, SignedPass};
use tapgate_core::policy::shape;
use tapgate_core::refusal::Refusal;
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::key::{Key, Origin};

use super::Expectations;

/// How far gate and issuer may be apart in time where the policy does not say (`clockSkewInSeconds`).
const DEFAULT_SKEW: Seconds = Seconds::new(shape::CLOCK_SKEW.default as u64);

/// The verdict.
pub(super) struct Verdict {
    /// What came of the signature.
    pub(super) signature: Signature,
    /// What was checked besides, each `Some(whether it held)`.
    pub(super) key_id: Option<bool>,
    pub(super) issuer: Option<bool>,
    pub(super) audience: Option<bool>,
    /// Where now lies, going by what the pass says.
    pub(super) timing: Option<Timing>,
    /// What a gate with this key would say, as far as can be told here.
    refusal: Option<Refusal>,
}

/// What came of checking the signature.
pub(super) enum Signature {
    /// There is no key to check it with.
    Unchecked,
    /// There is a key, and the form is wrong or it is another key, before any signature is looked at.
    NotReached,
    /// It is that of the key from here.
    Good(Origin),
    /// It is not that of the key from here.
    Bad(Origin),
}

/// Where now lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Before the start.
    NotYet,
    /// Between start and end.
    InTime,
    /// At or after the end.
    Over,
}

impl Verdict {
    pub(super) fn on(text: &str, form: &Form, key: Option<Key>, expectations: &Expectations, now: UnixSeconds) -> Self {
        let mut verdict = Self {
            signature: Signature::Unchecked,
            key_id: None,
            issuer: None,
            audience: None,
            timing: timing(form, now),
            refusal: (!form.defects.is_empty()).then_some(Refusal::Malformed),
        };
        if let Some(key) = key {
            verdict.signature = Signature::NotReached;
            verdict.refusal = verdict.verify(text, form, key, expectations).err();
        }
        verdict
    }

    /// What a gate with this key would say, as far as can be told here: without a key, only that the form is wrong.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Whether the pass is known to come from a holder of the key.
    pub(super) fn is_verified(&self) -> bool {
        matches!(self.signature, Signature::Good(_))
    }

    fn verify(&mut self, text: &str, form: &Form, key: Key, expectations: &Expectations) -> Result<(), Refusal> {
        let named = form.key_id().ok_or(Refusal::Malformed)?;
        self.key_id = expectations.key_id.as_ref().map(|expected| expected.as_str() == named);
        // Where no id is expected, the key goes by the one that the pass names; an id that no policy can have is no key's.
        let id = expectations.key_id.clone().or_else(|| named.parse().ok()).ok_or(Refusal::UnknownKey)?;
        let origin = key.origin.clone();
        let ring = key.ring(id).ok_or(Refusal::Internal)?;
        let authentic = authenticate(text, form, &ring);
        match authentic {
            Ok(_) => self.signature = Signature::Good(origin),
            Err(Refusal::BadSignature) => self.signature = Signature::Bad(origin),
            // Claims are read only behind a good signature (3.4), so that this one must have been.
            Err(Refusal::Malformed) if form.only_claims_are_wrong() => self.signature = Signature::Good(origin),
            Err(_) => {}
        }
        authentic?;
        let holds = |name, expected: Option<&String>| expected.map(|expected| form.claim(name) == Some(expected));
        self.issuer = holds("iss", expectations.issuer.as_ref());
        self.audience = holds("aud", expectations.audience.as_ref());
        if self.issuer == Some(false) || self.audience == Some(false) {
            return Err(Refusal::WrongAudience);
        }
        match self.timing {
            Some(Timing::InTime) => Ok(()),
            Some(Timing::NotYet) => Err(Refusal::NotYetValid),
            Some(Timing::Over) => Err(Refusal::Expired),
            None => Err(Refusal::Malformed),
        }
    }
}

/// Checks all but issuer and audience: those are compared one by one, so that each can be left out and named.
fn authenticate(text: &str, form: &Form, ring: &KeyRing<Passes>) -> Result<(), Refusal> {
    let own = |name| form.claim(name).unwrap_or_default();
    let expected = Expected { issuer: own("iss"), audience: own("aud") };
    SignedPass::new(text.as_bytes()).authenticate(ring, expected).map(|_| ())
}

/// Usable from its start, less the skew for a multi-use pass, until its end; not before its issue, less the skew.
fn timing(form: &Form, now: UnixSeconds) -> Option<Timing> {
    let (issued, start, end) = (form.moment("iat")?, form.moment("nbf")?, form.moment("exp")?);
    let with_skew = now.plus(DEFAULT_SKEW);
    let started = if form.is_once() { now >= start } else { with_skew >= start };
    Some(if now >= end {
        Timing::Over
    } else if started && with_skew >= issued {
        Timing::InTime
    } else {
        Timing::NotYet
    })
}
