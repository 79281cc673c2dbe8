//! What a body asks for.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::ApiError;
use super::resource::{POLICY_ID, POLICY_TYPE};
use crate::json::{self, Json, Object};
use crate::policy::shape;
use crate::time::UnixSeconds;

/// What a POST asks for; what it leaves out, the policy decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewPass {
    /// `startDateTime`.
    pub(crate) start: Option<UnixSeconds>,
    /// `lifetimeInMinutes`.
    pub(crate) lifetime: Option<i64>,
    /// `isUsableOnce`.
    pub(crate) once: Option<bool>,
}

/// Members that only the service sets: a client that sends back what it got is not wrong, and changes nothing by it.
const READ_ONLY: &[&str] = &["id", "createdDateTime", "isUsable", "methodUsabilityReason", "lastUsedDateTime"];

impl NewPass {
    /// Reads a body of at most 16 KiB; none is `{}`. `null` is the same as nothing.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        if bytes.trim_ascii().is_empty() {
            return Ok(asked);
        }
        for (name, value) in &object(bytes)?.0 {
            match (name.as_str(), value) {
                (name, _) if name.contains('@') || READ_ONLY.contains(&name) => {}
                ("startDateTime" | "lifetimeInMinutes" | "isUsableOnce" | "temporaryAccessPass", Json::Null) => {}
                ("startDateTime", Json::String(text)) => {
                    asked.start = Some(moment(text).ok_or_else(|| {
                        bad("Invalid StartDateTime specified. Write RFC 3339, as in 2026-11-24T08:00:00Z")
                    })?);
                }
                ("startDateTime", _) => return Err(bad("startDateTime is not a string")),
                ("lifetimeInMinutes", Json::Integer(minutes)) => asked.lifetime = Some(*minutes),
                ("lifetimeInMinutes", _) => return Err(bad("lifetimeInMinutes is not a whole number")),
                ("isUsableOnce", Json::Bool(once)) => asked.once = Some(*once),
                ("isUsableOnce", _) => return Err(bad("isUsableOnce is not true or false")),
                ("temporaryAccessPass", _) => return Err(bad("temporaryAccessPass is chosen by the service")),
                _ => {
                    return Err(bad(
                        "the request body has a member that is none of startDateTime, lifetimeInMinutes and isUsableOnce",
                    ));
                }
            }
        }
        Ok(asked)
    }
}

/// The members of the policy that a PATCH may change.
const POLICY: &[&str] = &[
    shape::STATE.name,
    shape::DEFAULT_LENGTH.name,
    shape::DEFAULT_LIFETIME.name,
    shape::MINIMUM_LIFETIME.name,
    shape::MAXIMUM_LIFETIME.name,
    shape::IS_USABLE_ONCE.name,
    shape::INCLUDE_TARGETS.name,
    shape::EXCLUDE_TARGETS.name,
];

/// Reads the body of a PATCH of the policy: the members that it changes, as a policy document has them. `null` changes
/// nothing. What they say is the policy compiler's business.
pub(crate) fn policy_patch(bytes: &[u8]) -> Result<Object, ApiError> {
    let mut members = Object::default();
    let mut is_typed = false;
    for (name, value) in object(bytes)?.0 {
        match (name.as_str(), value) {
            ("@odata.type", Json::String(kind)) if kind == POLICY_TYPE => is_typed = true,
            ("@odata.type", _) => return Err(wrong_type()),
            ("id", Json::String(id)) if id.eq_ignore_ascii_case(POLICY_ID) => {}
            ("id", _) => return Err(bad("id is chosen by the service")),
            (name, _) if name.contains('@') => {}
            (known, Json::Null) if POLICY.contains(&known) => {}
            (targets, Json::Array(list)) if targets == shape::INCLUDE_TARGETS.name => {
                let list = list.into_iter().map(target).collect::<Result<_, _>>()?;
                members.0.push((name, Json::Array(list)));
            }
            (known, value) if POLICY.contains(&known) => members.0.push((name, value)),
            _ => {
                return Err(ApiError::bad(format!(
                    "The request body has a member that the policy has not. It has {}.",
                    POLICY.join(", ")
                )));
            }
        }
    }
    if is_typed { Ok(members) } else { Err(wrong_type()) }
}

fn wrong_type() -> ApiError {
    ApiError::bad(format!("The request body needs \"@odata.type\": \"{POLICY_TYPE}\"."))
}

/// A target without what Graph has besides, and a policy has not.
fn target(target: Json) -> Result<Json, ApiError> {
    let Json::Object(Object(mut members)) = target else { return Ok(target) };
    if members.iter().any(|(name, value)| name == REGISTRATION && !matches!(value, Json::Bool(false) | Json::Null)) {
        return Err(bad("isRegistrationRequired can only be false: nobody is asked to register here"));
    }
    members.retain(|(name, _)| name != REGISTRATION && !name.contains('@'));
    Ok(Json::Object(Object(members)))
}

const REGISTRATION: &str = "isRegistrationRequired";

/// Reads an object, no member of which appears twice at its top.
fn object(bytes: &[u8]) -> Result<Object, ApiError> {
    let Json::Object(object) = json::document(bytes).map_err(|_| bad("the request body is not JSON"))? else {
        return Err(bad("the request body is not a JSON object"));
    };
    let mut seen = BTreeSet::new();
    if object.0.iter().all(|(name, _)| seen.insert(name)) {
        Ok(object)
    } else {
        Err(bad("a member of the request body appears twice"))
    }
}

fn bad(message: &str) -> ApiError {
    ApiError::bad(format!("{message}."))
}

/// A moment in RFC 3339, in any zone, cut to whole seconds.
fn moment(text: &str) -> Option<UnixSeconds> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    UnixSeconds::new(u64::try_from(moment.unix_timestamp()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_what_it_wants_or_nothing() {
        for nothing in
            ["", " ", "{}", r#"{"isUsableOnce":null,"startDateTime":null}"#, r##"{"@odata.type":"#x","id":"1"}"##]
        {
            assert_eq!(NewPass::read(nothing.as_bytes()), Ok(NewPass::default()), "{nothing}");
        }
        let all = br#"{"startDateTime":"2022-06-05T02:00:00.250+02:00","lifetimeInMinutes":60,"isUsableOnce":false}"#;
        let start = UnixSeconds::new(1_654_387_200);
        assert_eq!(NewPass::read(all), Ok(NewPass { start, lifetime: Some(60), once: Some(false) }));
    }

    #[test]
    fn hostile_bodies_get_a_400() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(9000), "}".repeat(9000));
        let huge = format!(r#"{{"lifetimeInMinutes":{}}}"#, "9".repeat(400));
        for bad in [
            "[]",
            "null",
            "1",
            "{",
            r#"{"lifetimeInMinutes":1,"lifetimeInMinutes":2}"#,
            r#"{"lifetimeInMinutes":"60"}"#,
            r#"{"lifetimeInMinutes":60.0}"#,
            r#"{"lifetimeInMinutes":1e3}"#,
            r#"{"isUsableOnce":"true"}"#,
            r#"{"isUsableOnce":1}"#,
            r#"{"startDateTime":1}"#,
            r#"{"startDateTime":"tomorrow"}"#,
            r#"{"startDateTime":"1969-12-31T23:59:59Z"}"#,
            r#"{"startDateTime":"\ud800"}"#,
            r#"{"temporaryAccessPass":"chosen"}"#,
            r#"{"more":1}"#,
            "{\"a\":\"\u{0}\"}",
            &deep,
            &huge,
        ] {
            let error = NewPass::read(bad.as_bytes()).expect_err(bad.get(..40).unwrap_or(bad));
            assert_eq!((error.status, error.code), (400, "badRequest"));
        }
        assert!(NewPass::read(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_patch_says_its_type_and_what_changes() {
        let patch = |members: &str| policy_patch(format!(r##"{{"@odata.type":"{POLICY_TYPE}"{members}}}"##).as_bytes());
        let text = |members: &str| String::from_utf8(Json::Object(patch(members).unwrap()).canonical()).unwrap();
        assert_eq!(text(""), "{}");
        assert_eq!(text(r#","id":"TemporaryAccessPass","state":null,"includeTargets@odata.context":"x""#), "{}");
        assert_eq!(text(r#","isUsableOnce":true,"defaultLength":12"#), r#"{"defaultLength":12,"isUsableOnce":true}"#);
        let targets = r#","includeTargets":[{"targetType":"group","id":"staff","isRegistrationRequired":false}]"#;
        assert_eq!(text(targets), r#"{"includeTargets":[{"id":"staff","targetType":"group"}]}"#);
        for bad in [
            r#","more":1"#,
            r#","id":"other""#,
            r#","state":"enabled","state":"enabled""#,
            r#","includeTargets":[{"targetType":"group","id":"staff","isRegistrationRequired":true}]"#,
            r##","@odata.type":"#x""##,
        ] {
            assert_eq!(patch(bad).map_err(|error| error.status), Err(400), "{bad}");
        }
        for bad in ["", "[]", "{}", r#"{"defaultLength":12}"#, r##"{"@odata.type":"#x"}"##, r#"{"@odata.type":1}"#] {
            assert_eq!(policy_patch(bad.as_bytes()).map_err(|error| error.status), Err(400), "{bad}");
        }
    }
}
