//! How an inspected pass is shown: the verdict first, then what the pass says, in words. Whatever comes out of the pass
//! goes through `World`, which spells out what a terminal would act on.

use serde::Serialize;
use serde_json::{Map, Number, Value};
use tapgate_cases::inspect::{Form, Part, moment as moment_of};
use tapgate_core::json::{Json, Object};
use tapgate_core::refusal::Refusal;
use tapgate_core::time::UnixSeconds;

use crate::error::Error;
use crate::moment::{Lifetime, Relative, Words};
use crate::world::World;

use super::verdict::{Signature, Timing, Verdict};

/// For a person.
pub(super) fn text(form: &Form, verdict: &Verdict, now: UnixSeconds, world: &mut World<'_>) -> Result<(), Error> {
    world.print(headline(verdict))?;
    for line in checks(verdict) {
        world.print(format_args!("  {line}"))?;
    }
    for defect in &form.defects {
        world.print(format_args!("  defect: {defect}"))?;
    }
    if let Some(header) = &form.header.seen {
        world.print("")?;
        world.print("header")?;
        for (name, value) in &header.0 {
            row(name, &plain(value), world)?;
        }
    }
    if let Some(claims) = &form.claims.seen {
        world.print("")?;
        world.print("claims")?;
        for (name, value) in &claims.0 {
            row(label(name), &in_words(name, value, now), world)?;
        }
        if let (Some(start), Some(end)) = (form.moment("nbf"), form.moment("exp")) {
            row("lifetime", &Lifetime(end.since(start)).to_string(), world)?;
        }
    }
    if let Some(timing) = verdict.timing {
        world.print("")?;
        let proviso = if verdict.is_verified() { "" } else { "going by what it says, " };
        world.print(format_args!("{proviso}{}", timing_in_words(timing, form, now)))?;
    }
    Ok(())
}

fn headline(verdict: &Verdict) -> String {
    match (verdict.refusal(), &verdict.signature) {
        (Some(refusal), Signature::Unchecked) => {
            format!("NOT A PASS in canonical form ({refusal}), and not verified: no key was given")
        }
        (Some(refusal), Signature::Good(_)) => format!("REFUSED ({refusal}), though the signature is good"),
        (Some(refusal), _) => format!("REFUSED ({refusal}): whatever follows may have been written by anybody"),
        (None, Signature::Good(_)) => "VERIFIED".to_owned(),
        (None, _) => "NOT VERIFIED: no key was given, so whatever follows may have been written by anybody".to_owned(),
    }
}

fn checks(verdict: &Verdict) -> Vec<String> {
    let mut lines = Vec::new();
    match &verdict.signature {
        Signature::Unchecked => return lines,
        Signature::NotReached if verdict.refusal() == Some(Refusal::UnknownKey) => {
            lines.push("signature: not checked, for the pass names another key".to_owned());
        }
        Signature::NotReached => lines.push("signature: not checked, for the form is wrong".to_owned()),
        Signature::Good(origin) => lines.push(format!("signature: good, by the key in {origin}")),
        Signature::Bad(origin) => lines.push(format!("signature: not by the key in {origin}")),
    }
    let mut check = |name: &str, option: &str, result: Option<bool>| match result {
        Some(true) => lines.push(format!("{name}: as expected")),
        Some(false) => lines.push(format!("{name}: not as expected")),
        None if verdict.is_verified() => lines.push(format!("{name}: not checked (give `{option}`)")),
        None => {}
    };
    check("key id", "--key-id", verdict.key_id);
    check("issuer", "--issuer", verdict.issuer);
    check("audience", "--audience", verdict.audience);
    if verdict.is_verified() {
        lines.push("policy and ledger: not checked, only a gate knows them".to_owned());
    }
    lines
}

fn row(name: &str, value: &str, world: &mut World<'_>) -> Result<(), Error> {
    world.print(format_args!("  {name:<9} {value}"))
}

fn label(claim: &str) -> &str {
    match claim {
        "iss" => "issuer",
        "aud" => "audience",
        "sub" => "user",
        "jti" => "id",
        "iat" => "issued",
        "nbf" => "starts",
        "exp" => "ends",
        "once" => "use",
        other => other,
    }
}

fn in_words(claim: &str, value: &Json, now: UnixSeconds) -> String {
    match (claim, value) {
        ("iat" | "nbf" | "exp", value) => match moment_of(value) {
            Some(moment) => format!("{moment}, {}", Relative { moment, now }),
            None => plain(value),
        },
        ("once", Json::Bool(true)) => "one-time".to_owned(),
        ("once", Json::Bool(false)) => "multi-use".to_owned(),
        ("groups", Json::Array(groups)) if groups.is_empty() => "none".to_owned(),
        ("groups", Json::Array(groups)) => groups.iter().map(plain).collect::<Vec<_>>().join(", "),
        _ => plain(value),
    }
}

fn timing_in_words(timing: Timing, form: &Form, now: UnixSeconds) -> String {
    let start = form.moment("nbf").unwrap_or(now);
    let end = form.moment("exp").unwrap_or(now);
    match timing {
        Timing::InTime => format!("in time: ends in {}", Words(end.since(now))),
        Timing::Over => format!("over: ended {} ago", Words(now.since(end))),
        Timing::NotYet if start > now => format!("not yet valid: starts in {}", Words(start.since(now))),
        Timing::NotYet => "not yet valid: issued in the future; is one of the clocks wrong?".to_owned(),
    }
}

/// A string in backticks, anything else as JSON.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => format!("`{text}`"),
        other => value_of(other).to_string(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// Whether the signature is that of the key.
    verified: bool,
    /// Why the pass would be turned away, by the name that the gate's log has for it.
    refusal: Option<&'static str>,
    /// The same in words.
    explanation: String,
    checked: Checked,
    time: Option<&'static str>,
    issued: Option<String>,
    start: Option<String>,
    end: Option<String>,
    defects: Vec<String>,
    /// Absent where it is not in strict form: readers of JSON would each see something else.
    header: Option<Value>,
    claims: Option<Value>,
}

/// For each check whether it held; `null` where it was not made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    form: bool,
    signature: Option<bool>,
    key_id: Option<bool>,
    issuer: Option<bool>,
    audience: Option<bool>,
}

/// For a program.
pub(super) fn json(form: &Form, verdict: &Verdict, world: &mut World<'_>) -> Result<(), Error> {
    let told = |claim| form.moment(claim).map(|moment| moment.to_string());
    world.print_json(&Report {
        verified: verdict.is_verified(),
        refusal: verdict.refusal().map(Refusal::name),
        explanation: headline(verdict),
        checked: Checked {
            form: form.defects.is_empty(),
            signature: match verdict.signature {
                Signature::Unchecked | Signature::NotReached => None,
                Signature::Good(_) => Some(true),
                Signature::Bad(_) => Some(false),
            },
            key_id: verdict.key_id,
            issuer: verdict.issuer,
            audience: verdict.audience,
        },
        time: verdict.timing.map(|timing| match timing {
            Timing::NotYet => "not_yet_valid",
            Timing::InTime => "in_time",
            Timing::Over => "expired",
        }),
        issued: told("iat"),
        start: told("nbf"),
        end: told("exp"),
        defects: form.defects.iter().map(ToString::to_string).collect(),
        header: strict(&form.header),
        claims: strict(&form.claims),
    })
}

fn strict(part: &Part) -> Option<Value> {
    part.seen.as_ref().filter(|_| part.strict).map(object_of)
}

fn object_of(object: &Object) -> Value {
    Value::Object(object.0.iter().map(|(name, value)| (name.clone(), value_of(value))).collect::<Map<_, _>>())
}

fn value_of(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Integer(number) => Value::from(*number),
        Json::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(list) => Value::Array(list.iter().map(value_of).collect()),
        Json::Object(object) => object_of(object),
    }
}
