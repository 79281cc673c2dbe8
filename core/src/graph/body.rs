//! What a body asks for.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::ApiError;
use crate::json::{self, Json};
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
        let Json::Object(object) = json::document(bytes).map_err(|_| bad("the request body is not JSON"))? else {
            return Err(bad("the request body is not a JSON object"));
        };
        for (at, (name, value)) in object.0.iter().enumerate() {
            if object.0.iter().skip(at.saturating_add(1)).any(|(other, _)| other == name) {
                return Err(bad("a member of the request body appears twice"));
            }
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
}
