//! Graph's `temporaryAccessPassAuthenticationMethod`, as a gateway answers it. A gateway may be somebody else: nothing is taken that
//! does not have the form.

use serde::Deserialize;
use serde_json::Value;
use tapgate_core::code::TypedCode;
use tapgate_core::names::PassId;
use tapgate_core::time::{Seconds, UnixSeconds};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

/// The most passes that a list may have; a user has one at most.
const MOST: usize = 16;

/// The longest pass, in minutes: 30 days.
const LONGEST: u64 = 43_200;

/// A pass. It has no `Debug`: it may have a code.
pub(crate) struct Method {
    pub(crate) id: PassId,
    pub(crate) code: Option<Zeroizing<String>>,
    pub(crate) created: UnixSeconds,
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
    pub(crate) once: bool,
    pub(crate) usable: bool,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: String,
    #[serde(default)]
    temporary_access_pass: Option<String>,
    created_date_time: String,
    start_date_time: String,
    lifetime_in_minutes: u64,
    is_usable_once: bool,
    is_usable: bool,
    method_usability_reason: String,
}

impl Method {
    /// Reads one; what makes no sense is named.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let raw = Raw::deserialize(value).map_err(|_| "the members of the pass")?;
        let start = moment(&raw.start_date_time).ok_or("`startDateTime`")?;
        let lifetime = Some(raw.lifetime_in_minutes).filter(|minutes| (1..=LONGEST).contains(minutes));
        let code = raw.temporary_access_pass.map(Zeroizing::new);
        let fits = |code: &Zeroizing<String>| {
            code.bytes().all(|byte| byte.is_ascii_alphanumeric()) && TypedCode::read(code).is_some()
        };
        if code.as_ref().is_some_and(|code| !fits(code)) {
            return Err("`temporaryAccessPass`");
        }
        let reason = raw.method_usability_reason;
        if !(1..=64).contains(&reason.len()) || !reason.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("`methodUsabilityReason`");
        }
        Ok(Self {
            id: raw.id.parse().map_err(|_| "`id`")?,
            code,
            created: moment(&raw.created_date_time).ok_or("`createdDateTime`")?,
            start,
            end: start.plus(Seconds::new(lifetime.ok_or("`lifetimeInMinutes`")?.saturating_mul(60))),
            once: raw.is_usable_once,
            usable: raw.is_usable,
            reason,
        })
    }

    /// Reads a collection.
    pub(crate) fn read_all(value: &Value) -> Result<Vec<Self>, &'static str> {
        let passes = value.get("value").and_then(Value::as_array).filter(|passes| passes.len() <= MOST);
        passes.ok_or("`value`")?.iter().map(Self::read).collect()
    }
}

/// A time in RFC 3339, cut to whole seconds.
fn moment(text: &str) -> Option<UnixSeconds> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    UnixSeconds::new(u64::try_from(moment.unix_timestamp()).ok()?)
}

/// A code in groups of four, as people read and type it.
pub(crate) fn grouped(code: &str) -> Vec<&str> {
    let mut groups = Vec::new();
    let mut rest = code;
    while let Some((group, after)) = rest.split_at_checked(4) {
        groups.push(group);
        rest = after;
    }
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_grouped_in_fours() {
        for (code, groups) in
            [("01234567", "0123 4567"), ("012345678", "0123 4567 8"), ("0123456789AB", "0123 4567 89AB")]
        {
            assert_eq!(grouped(code).join(" "), groups);
        }
    }
}
