//! What others sign, as cases describe it: passes of an issuer and receipts of the application, honest ones and forged.

use serde_json::{Map, Value, json};
use tapgate_core::json::{Json, Object};
use tapgate_core::jws::{Unverified, decode_unverified, sign_as_written};
use tapgate_core::key::{Admins, KeyRing, Passes, Purpose, Upstream};

use crate::case::{Pass, Receipt};
use crate::policy::{at, key_of_variable, text_at, to_value};
use crate::site::{Headers, Trouble, values};

/// The variable whose key signs what is forged: no policy takes a key from it.
const NOBODYS_KEY: &str = "a key that nobody has";

/// Mints a pass under a policy; `start` is the case's.
pub(crate) fn pass(pass: &Pass, policy: &Json, start: u64) -> Result<String, Trouble> {
    let policy = tenant(policy, pass.tenant);
    let (id, ring) = ring::<Passes>(policy, "pass", pass.key.as_deref(), pass.forged)?;
    let moment = |offset| Value::from(start.saturating_add_signed(offset));
    let mut claims = Map::new();
    claims.insert("iss".into(), text_at(policy, "issuer").into());
    claims.insert("aud".into(), text_at(policy, "audience").into());
    claims.insert("sub".into(), pass.user.as_str().into());
    claims.insert("jti".into(), pass.id.as_str().into());
    claims.insert("iat".into(), moment(pass.issued));
    claims.insert("nbf".into(), moment(pass.start));
    claims.insert("exp".into(), moment(pass.end));
    claims.insert("once".into(), pass.once.into());
    if let Some(groups) = &pass.groups {
        claims.insert("groups".into(), groups.clone().into());
    }
    replace(&mut claims, &pass.claims);
    let claims = pass.claims_text.clone().unwrap_or_else(|| Value::Object(claims).to_string());
    Ok(sign_as_written(&ring, &header("tap+jwt", &id, &pass.header), &claims))
}

/// Makes the receipt that an application makes for whom the assertion on the request names.
pub(crate) fn receipt(receipt: &Receipt, seen: &Headers, policy: &Json, now: u64) -> Result<String, Trouble> {
    let policy = tenant_of(policy, values(seen, "tapgate-tenant").next());
    let (id, ring) = ring::<Upstream>(policy, "upstream", None, receipt.forged)?;
    let assertion = assertion(seen);
    let claim = |name: &str| assertion.as_ref().and_then(|assertion| assertion.get(name)).map(to_value);
    let mut claims = Map::new();
    claims.insert("sub".into(), claim("sub").unwrap_or_default());
    claims.insert("sid".into(), claim("sid").unwrap_or_default());
    claims.insert("exp".into(), now.saturating_add_signed(receipt.ends.unwrap_or(60)).into());
    replace(&mut claims, &receipt.claims);
    let claims = Value::Object(claims).to_string();
    Ok(sign_as_written(&ring, &header("tap-receipt+jwt", &id, &Object::default()), &claims))
}

/// Makes an administrator's token for the first tenant, valid for ten minutes.
pub(crate) fn token(policy: &Json, subject: &str, roles: &[&str], now: u64) -> Result<String, Trouble> {
    let policy = tenant(policy, 0);
    let (id, ring) = ring::<Admins>(policy, "admin", None, false)?;
    let claims = json!({
        "iss": text_at(policy, "issuer"), "aud": text_at(policy, "audience"), "tid": text_at(policy, "tenant"),
        "sub": subject, "roles": roles, "iat": now, "exp": now.saturating_add(600),
    });
    Ok(sign_as_written(&ring, &header("at+jwt", &id, &Object::default()), &claims.to_string()))
}

/// The claims of the assertion that the application was sent.
pub(crate) fn assertion(seen: &Headers) -> Option<Object> {
    let token = values(seen, "tapgate-assertion").next()?;
    decode_unverified(token.as_bytes()).ok().map(|Unverified { claims, .. }| claims)
}

/// The policy of the tenant with this number; a document of one tenant is that tenant's.
fn tenant(policy: &Json, number: usize) -> &Json {
    at(policy, &format!("tenants[{number}]")).unwrap_or(policy)
}

fn tenant_of<'a>(policy: &'a Json, name: Option<&str>) -> &'a Json {
    match at(policy, "tenants") {
        Some(Json::Array(tenants)) => tenants.iter().find(|tenant| text_at(tenant, "tenant") == name).unwrap_or(policy),
        _ => policy,
    }
}

/// The key of a list that signs, alone in a ring, and its id.
fn ring<P: Purpose>(
    policy: &Json,
    list: &str,
    wanted: Option<&str>,
    forged: bool,
) -> Result<(String, KeyRing<P>), Trouble> {
    let missing = || Trouble::new("looking for a key to sign with", format!("the policy has none in keys.{list}"));
    let Some(Json::Array(keys)) = at(policy, &format!("keys.{list}")) else { return Err(missing()) };
    let known = keys.iter().find(|key| wanted.is_none() || text_at(key, "id") == wanted);
    // An id that the policy does not have is a key that nobody has.
    let id = wanted.or_else(|| known.and_then(|key| text_at(key, "id"))).ok_or_else(missing)?;
    let text = match known.filter(|_| !forged) {
        None => key_of_variable(NOBODYS_KEY),
        Some(key) => match (text_at(key, "value"), text_at(key, "env")) {
            (Some(value), _) => value.to_owned(),
            (None, Some(variable)) => key_of_variable(variable),
            (None, None) => return Err(missing()),
        },
    };
    let doing = "reading a key to sign with";
    let key = text.parse().map_err(|error| Trouble::new(doing, Box::new(error) as Box<_>))?;
    let named = id.parse().map_err(|error| Trouble::new(doing, Box::new(error) as Box<_>))?;
    KeyRing::new(&[(named, key)]).map(|ring| (id.to_owned(), ring)).ok_or_else(missing)
}

fn header(typ: &str, key: &str, changes: &Object) -> String {
    let mut header = Map::new();
    if let Value::Object(members) = json!({"alg": "HS256", "typ": typ, "kid": key}) {
        header.extend(members);
    }
    replace(&mut header, changes);
    Value::Object(header).to_string()
}

/// Puts members in place of others; `Null` takes one out.
fn replace(members: &mut Map<String, Value>, changes: &Object) {
    for (name, value) in &changes.0 {
        if *value == Json::Null {
            members.remove(name);
        } else {
            members.insert(name.clone(), to_value(value));
        }
    }
}
