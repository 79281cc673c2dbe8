//! A pass held against a policy: what is in it, every check in order, and where it stops.
//!
//! The rules are `tapgate-core`'s. What they say of a pass whose signature cannot be verified here is found by minting the same claims
//! anew with a stand-in for the key.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tapgate_core::directory::Found;
use tapgate_core::json::{Json, Object};
use tapgate_core::key::{KeyBytes, KeyRing, Passes};
use tapgate_core::names::UserName;
use tapgate_core::pass::{AuthenticPass, Expected, PassClaims, SignedPass, mint};
use tapgate_core::policy::Policy;
use tapgate_core::refusal::Refusal;
use tapgate_core::time::{Seconds, UnixSeconds};

use super::decided::why;
use crate::inspect::Form;
use crate::policy::{PolicyDocument, stand_in, to_value};

/// The longest text that is looked at, in bytes: a link with a pass in it.
const MOST_BYTES: usize = 16 << 10;

/// What is to be said of a text that should be a pass.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Inspected {
    /// Every check, in the order of the gate.
    pub checks: Vec<Check>,
    /// The name of the check that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<&'static str>,
    /// The refusal, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The header, read leniently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    /// The claims, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// Whether the signature was verified, with the key that was given or that stories sign with.
    pub verified: bool,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It holds.
    Ok,
    /// It does not: here the gate stops.
    Failed,
    /// Something before it fails, or it cannot be told here.
    NotReached,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is checked.
    pub name: &'static str,
    /// What became of it.
    pub state: State,
    /// In a sentence.
    pub says: String,
}

/// The checks of the gate (3.4), and what each holds a pass to.
const CHECKS: [(&str, &str); 13] = [
    (FORM, "a JWS in three parts of canonical base64url, with the header of a pass"),
    (KEY, "the policy has the key that it names"),
    (SIGNATURE, "it is that key's"),
    (CLAIMS, "they are those of a pass, each of its kind"),
    (SITE, "issuer and audience are the policy's"),
    (ISSUED, "it was not issued in the future"),
    (START, "it has begun"),
    (END, "it is not over"),
    (ENABLED, "the policy takes passes"),
    (PERSON, "the policy targets its user"),
    (AHEAD, "it starts soon enough after its issue"),
    (LIFETIME, "it lasts as long as the policy allows"),
    (USES, "it may be used as often as the policy allows"),
];

const FORM: &str = "Form";
const KEY: &str = "Key";
const SIGNATURE: &str = "Signature";
const CLAIMS: &str = "Claims";
const SITE: &str = "Issuer and audience";
const ISSUED: &str = "Issue";
const START: &str = "Start";
const END: &str = "End";
const ENABLED: &str = "Policy";
const PERSON: &str = "Person";
const AHEAD: &str = "Start after issue";
const LIFETIME: &str = "Lifetime";
const USES: &str = "Uses";
const LEDGER: &str = "Ledger";

/// Where and why a pass is stopped.
struct Stop {
    at: &'static str,
    refusal: Refusal,
    says: String,
}

impl Stop {
    fn at(at: &'static str, refusal: Refusal) -> Self {
        Self { at, refusal, says: why(refusal).to_owned() }
    }
}

/// What could not be checked, and why not.
type Unchecked = Vec<(&'static str, String)>;

/// Looks at a text as a gate with this policy would at `now`; `key` is the pass key in base64, where there is one.
#[must_use]
pub fn inspect(policy: &PolicyDocument, text: &str, key: Option<&str>, now: UnixSeconds) -> Inspected {
    if text.len() > MOST_BYTES {
        let says = format!("It has more than {MOST_BYTES} bytes; a pass has 4096 at most.");
        return told(&Stop { at: FORM, refusal: Refusal::Malformed, says }, &[], Inspected::default());
    }
    let text = text.trim();
    // The link that people get.
    let text = text.split_once("#pass=").map_or(text, |(_, pass)| pass.split('&').next().unwrap_or_default());
    let form = Form::of(text);
    let seen = |part: &Option<Object>| part.clone().map(|object| to_value(&Json::Object(object)));
    let mut inspected =
        Inspected { header: seen(&form.header.seen), claims: seen(&form.claims.seen), ..Inspected::default() };
    let Ok(compiled) = policy.compile(&stand_in) else {
        let says = "the policy has errors";
        inspected.checks = CHECKS.iter().map(|(name, _)| not_reached(name, says.to_owned())).collect();
        return inspected;
    };
    let policies: Vec<Arc<Policy>> = compiled.policies.into_iter().map(Arc::new).collect();
    let ours = |policy: &&Arc<Policy>| {
        form.claim("iss") == Some(&policy.issuer) && form.claim("aud") == Some(&policy.audience)
    };
    let Some(policy) = policies.iter().find(ours).or_else(|| policies.first()) else { return inspected };
    let mut unchecked = Unchecked::new();
    let stop = judge(policy, text, &form, key, now, &mut unchecked, &mut inspected.verified);
    match stop {
        Some(stop) => told(&stop, &unchecked, inspected),
        None => passed(&unchecked, inspected),
    }
}

fn judge(
    policy: &Arc<Policy>,
    text: &str,
    form: &Form,
    key: Option<&str>,
    now: UnixSeconds,
    unchecked: &mut Unchecked,
    verified: &mut bool,
) -> Option<Stop> {
    let defects = || form.defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if !form.defects.is_empty() && !form.only_claims_are_wrong() {
        return Some(Stop { at: FORM, refusal: Refusal::Malformed, says: defects() });
    }
    let own = |name| form.claim(name).unwrap_or_default();
    let expected = Expected { issuer: own("iss"), audience: own("aud") };
    let by_stand_in = SignedPass::new(text.as_bytes()).authenticate(&policy.pass_keys, expected);
    if matches!(by_stand_in, Err(Refusal::UnknownKey)) {
        return Some(Stop::at(KEY, Refusal::UnknownKey));
    }
    // Claims are read only behind a good signature (3.4).
    let good = |outcome: &Result<AuthenticPass, Refusal>| match outcome {
        Ok(_) => true,
        Err(refusal) => *refusal == Refusal::Malformed && form.only_claims_are_wrong() && !form.defects.is_empty(),
    };
    match key.map(str::trim).filter(|key| !key.is_empty()) {
        _ if good(&by_stand_in) => {
            *verified = true;
            unchecked.push((SIGNATURE, "signed with the key that stories sign with".to_owned()));
        }
        None => unchecked.push((SIGNATURE, "not verified: no key was given".to_owned())),
        Some(key) => match ring(form, key) {
            Ok(ring) => {
                let outcome = SignedPass::new(text.as_bytes()).authenticate(&ring, expected);
                if !good(&outcome) {
                    return Some(Stop::at(SIGNATURE, Refusal::BadSignature));
                }
                *verified = true;
            }
            Err(says) => unchecked.push((SIGNATURE, says)),
        },
    }
    if !form.defects.is_empty() {
        return Some(Stop { at: CLAIMS, refusal: Refusal::Malformed, says: defects() });
    }
    if own("iss") != policy.issuer || own("aud") != policy.audience {
        let says = format!("The policy's are {} and {}.", policy.issuer, policy.audience);
        return Some(Stop { at: SITE, refusal: Refusal::WrongAudience, says });
    }
    let Some(pass) = anew(policy, form, expected) else {
        return Some(Stop::at(CLAIMS, Refusal::Malformed));
    };
    by_policy(policy, pass, now, unchecked)
}

/// What the policy says of an authentic pass.
fn by_policy(policy: &Arc<Policy>, pass: AuthenticPass, now: UnixSeconds, unchecked: &mut Unchecked) -> Option<Stop> {
    let (issued, start, end) = (pass.issued, pass.start, pass.end);
    let at = |refusal: Refusal| match refusal {
        Refusal::NotYetValid if issued > now.plus(policy.clock_skew) => {
            Stop { says: "It was issued in the future.".to_owned(), ..Stop::at(ISSUED, refusal) }
        }
        Refusal::NotYetValid => Stop { says: format!("It starts at {start}."), ..Stop::at(START, refusal) },
        Refusal::Expired => Stop { says: format!("It ended at {end}."), ..Stop::at(END, refusal) },
        Refusal::Disabled => Stop::at(ENABLED, refusal),
        Refusal::LifetimeOutOfPolicy if start.since(issued) > Seconds::from(policy.sign_in.starts_within) => Stop {
            says: format!("The policy allows {} minutes.", policy.sign_in.starts_within.get()),
            ..Stop::at(AHEAD, refusal)
        },
        Refusal::LifetimeOutOfPolicy => {
            let (least, most) = (policy.passes.minimum_lifetime.get(), policy.passes.maximum_lifetime.get());
            let says =
                format!("It lasts {} minutes; the policy allows {least} to {most}.", end.since(start).get() / 60);
            Stop { says, ..Stop::at(LIFETIME, refusal) }
        }
        Refusal::MultiUseForbidden => Stop::at(USES, refusal),
        other => Stop::at(PERSON, other),
    };
    let known = match policy.directory.find(&pass.user) {
        Found::AtHand(known) => known,
        Found::Elsewhere(_) => {
            unchecked.push((PERSON, "only the SCIM server knows who that is".to_owned()));
            return None;
        }
    };
    match policy.claim(pass, known, None, now) {
        Err(refusal) => Some(at(refusal)),
        Ok(claimed) => policy.in_force(None).admit(&claimed).err().map(at),
    }
}

/// The key that was given, under the id that the pass names.
fn ring(form: &Form, key: &str) -> Result<KeyRing<Passes>, String> {
    let bytes: KeyBytes = key.parse().map_err(|error| format!("not verified: the key is {error}"))?;
    let id = form.key_id().and_then(|id| id.parse().ok());
    id.and_then(|id| KeyRing::new(&[(id, bytes)])).ok_or_else(|| "not verified: the pass names no key".to_owned())
}

/// The same claims, signed with a key that everybody knows.
fn anew(policy: &Policy, form: &Form, expected: Expected<'_>) -> Option<AuthenticPass> {
    let user: UserName = form.claim("sub")?.parse().ok()?;
    let groups = match form.claims.seen.as_ref()?.get("groups") {
        Some(Json::Array(groups)) => {
            let name = |group: &Json| match group {
                Json::String(name) => Some(name.clone()),
                _ => None,
            };
            Some(groups.iter().map(name).collect::<Option<Vec<String>>>()?)
        }
        _ => None,
    };
    let claims = PassClaims {
        iss: expected.issuer,
        aud: expected.audience,
        sub: user.as_str(),
        jti: form.claim("jti")?,
        iat: form.moment("iat")?.get(),
        nbf: form.moment("nbf")?.get(),
        exp: form.moment("exp")?.get(),
        once: form.is_once(),
        groups: groups.as_deref(),
    };
    let pass = mint(&policy.pass_keys, &claims).ok()?;
    SignedPass::new(pass.as_bytes()).authenticate(&policy.pass_keys, expected).ok()
}

fn not_reached(name: &'static str, says: String) -> Check {
    Check { name, state: State::NotReached, says }
}

/// A pass that is stopped.
fn told(stop: &Stop, unchecked: &[(&'static str, String)], mut inspected: Inspected) -> Inspected {
    let mut reached = true;
    for (name, holds) in CHECKS {
        let check = if name == stop.at {
            reached = false;
            Check { name, state: State::Failed, says: stop.says.clone() }
        } else if reached {
            held(name, holds, unchecked, inspected.verified)
        } else {
            not_reached(name, holds.to_owned())
        };
        inspected.checks.push(check);
    }
    inspected.checks.push(not_reached(LEDGER, "nobody has used it, taken it back or replaced it".to_owned()));
    (inspected.stops_at, inspected.reason) = (Some(stop.at), Some(stop.refusal.name()));
    inspected
}

/// A pass that nothing stops here.
fn passed(unchecked: &[(&'static str, String)], mut inspected: Inspected) -> Inspected {
    let mut reached = true;
    for (name, holds) in CHECKS {
        // Where nobody here knows the person, what comes after that cannot be told either.
        let unknown = name == PERSON && unchecked.iter().any(|(other, _)| *other == PERSON);
        reached &= !unknown;
        let check = match unchecked.iter().find(|(other, _)| *other == name) {
            Some((_, says)) if unknown => not_reached(name, says.clone()),
            _ if reached => held(name, holds, unchecked, inspected.verified),
            _ => not_reached(name, holds.to_owned()),
        };
        inspected.checks.push(check);
    }
    let says = "only the gate's ledger knows whether somebody has used it, taken it back or replaced it";
    inspected.checks.push(not_reached(LEDGER, says.to_owned()));
    inspected
}

/// A check that holds, or that could not be made.
fn held(name: &'static str, holds: &str, unchecked: &[(&'static str, String)], verified: bool) -> Check {
    match unchecked.iter().find(|(other, _)| *other == name) {
        Some((_, says)) if name == SIGNATURE && !verified => not_reached(name, says.clone()),
        Some((_, says)) => Check { name, state: State::Ok, says: says.clone() },
        None => Check { name, state: State::Ok, says: holds.to_owned() },
    }
}
