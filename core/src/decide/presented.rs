//! What a body presents: a pass, a user name, where to go; read once, in one way only (4.1, 4.2).

use crate::audit::Who;
use crate::json::{self, Json};
use crate::names::UserName;
use crate::path::ReturnTo;
use crate::policy::Policy;
use crate::request::BodyFormat;

/// What a body presents.
pub(super) struct Presented {
    /// The pass, not empty.
    pub(super) pass: String,
    /// The user name, if one was typed.
    pub(super) user: Option<String>,
    /// Where the person wants to go.
    pub(super) return_to: Option<ReturnTo>,
}

/// A body that carries a pass, but not in one way only: a field twice, JSON that is not strict, a pass that is no text.
pub(super) struct NotOnePass;

/// The field of the sign-in form that says where the person wants to go.
pub(crate) const RETURN_TO: &str = "return_to";

/// A field of a body; `None` where it is something else than text.
type Field = (String, Option<String>);

impl Presented {
    /// What the log may say of whoever presents it: the keyed hash of the name that was typed (9.1).
    pub(super) fn who(&self, policy: &Policy) -> Who {
        match self.user.as_ref().and_then(|user| user.parse::<UserName>().ok()) {
            Some(name) => Who::Typed(policy.gateway_keys.typed_name(&name)),
            None => Who::Unknown,
        }
    }

    /// Reads a body; `None` if it carries no pass.
    pub(super) fn read(body: &[u8], format: BodyFormat, policy: &Policy) -> Result<Option<Self>, NotOnePass> {
        let fields = match format {
            BodyFormat::Form => form(body),
            BodyFormat::Json => members(body, &policy.sign_in.pass_field)?,
        };
        let all = |name: &str| -> Vec<Option<&str>> {
            let named = fields.iter().filter(|(known, _)| known == name);
            named.map(|(_, value)| value.as_deref().map(str::trim)).collect()
        };
        let passes = all(&policy.sign_in.pass_field);
        if passes.iter().all(|pass| *pass == Some("")) {
            return Ok(None);
        }
        let strict = format == BodyFormat::Form || json::strict(body).is_ok();
        let one = |name: &str| match all(name).as_slice() {
            [] | [Some("")] => Ok(None),
            [Some(text)] => Ok(Some((*text).to_owned())),
            _ => Err(NotOnePass),
        };
        match passes.as_slice() {
            [Some(pass)] if strict => Ok(Some(Self {
                pass: (*pass).to_owned(),
                user: one(&policy.sign_in.user_field)?,
                return_to: one(RETURN_TO)?.and_then(|target| target.parse().ok()),
            })),
            _ => Err(NotOnePass),
        }
    }
}

fn form(body: &[u8]) -> Vec<Field> {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Some(value.into_owned()))).collect()
}

/// The members of a JSON object, read leniently: only to find out whether a pass is in it at all. `null` is no value. What
/// does not read, but names the pass's field, may still read for the application: it does not go on.
fn members(body: &[u8], pass_field: &str) -> Result<Vec<Field>, NotOnePass> {
    let object = match json::document(body) {
        Ok(Json::Object(object)) => object,
        Ok(_) => return Ok(Vec::new()),
        Err(_) => {
            let name = format!("\"{pass_field}\"");
            // A name may also be written with escapes.
            let named = body.contains(&b'\\') || body.windows(name.len()).any(|window| window == name.as_bytes());
            return if named { Err(NotOnePass) } else { Ok(Vec::new()) };
        }
    };
    let field = |(name, value)| match value {
        Json::Null => (name, Some(String::new())),
        Json::String(text) => (name, Some(text)),
        _ => (name, None),
    };
    Ok(object.0.into_iter().map(field).collect())
}
