//! What an application does about the gate in front of it: read the assertion, write the receipt. Copy this file.
//!
//! The gate (Tapgate in a reverse proxy) tells the application who a person is in the request header
//! `tapgate-assertion`: a JWS signed with a key that gate and application share (`keys.upstream` of the policy). Only that
//! is believed. `tapgate-user` and its kin are for logs: whoever reaches the application past the proxy can send them.
//!
//! Nothing here depends on Tapgate's code, only on a JWT library, so the same lines can be written in any language.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

/// The request header by which the gate says who is asking.
pub const ASSERTION: HeaderName = HeaderName::from_static("tapgate-assertion");
/// The answer's header by which the application says that the person has registered.
pub const RECEIPT: HeaderName = HeaderName::from_static("tapgate-receipt");

/// `typ` of an assertion: no other JWS signed with the same key can pass for one.
const ASSERTION_TYPE: &str = "tap-assertion+jwt";
/// `typ` of a receipt.
const RECEIPT_TYPE: &str = "tap-receipt+jwt";
/// How long a receipt is good for, in seconds. It travels for milliseconds; the gate takes at most 300.
const RECEIPT_LIFETIME: u64 = 60;
/// How far the clocks of gate and application may differ, in seconds. An assertion lives for at most 60.
const CLOCK_SKEW: u64 = 5;

/// What the gate says about the person who is asking.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Assertion {
    /// The user's identity.
    pub sub: String,
    /// The session at the gate; a receipt names it.
    pub sid: String,
    /// The tenant whose user this is.
    pub tenant: String,
    /// How far the person has come.
    pub state: State,
}

/// The two states of a session at the gate.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Signed in with a Temporary Access Pass, allowed to register a method and nothing else.
    Registering,
    /// Has registered in this session, and may use the site.
    Registered,
}

/// The application's side of the shared keys.
pub struct Gate {
    keys: Vec<Key>,
    validation: Validation,
    /// The only tenant whose users are believed; without one, whichever has this issuer and audience.
    tenant: Option<String>,
}

/// One key of the policy's `keys.upstream`.
struct Key {
    id: String,
    verifies: DecodingKey,
    signs: EncodingKey,
}

/// An assertion that must not be believed: somebody reaches the application past the gate, or the keys differ.
#[derive(Debug)]
pub struct Distrust(String);

impl std::fmt::Display for Distrust {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the assertion cannot be believed: {}", self.0)
    }
}

impl std::error::Error for Distrust {}

impl From<jsonwebtoken::errors::Error> for Distrust {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self(error.to_string())
    }
}

impl Gate {
    /// The gate with this `issuer` and `audience` in its policy, which shares these keys: id, and standard base64.
    ///
    /// The first key signs receipts, all of them verify assertions, so that keys can be rotated without a gap.
    ///
    /// # Errors
    /// If there is no key, or one is not base64.
    pub fn new(issuer: &str, audience: &str, keys: &[(&str, &str)]) -> Result<Self, Distrust> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.leeway = CLOCK_SKEW;
        let keys = keys
            .iter()
            .map(|(id, secret)| {
                Ok(Key {
                    id: (*id).to_owned(),
                    verifies: DecodingKey::from_base64_secret(secret)?,
                    signs: EncodingKey::from_base64_secret(secret)?,
                })
            })
            .collect::<Result<Vec<_>, Distrust>>()?;
        if keys.is_empty() {
            return Err(Distrust("there is no key to verify it with".to_owned()));
        }
        Ok(Self { keys, validation, tenant: None })
    }

    /// Believes what is said of this tenant's users only. Where a gate guards several, their names may be alike.
    #[must_use]
    pub fn of_tenant(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }

    /// Who the gate says is asking; `None` if it says nothing, which is how anonymous requests come.
    ///
    /// # Errors
    /// If there is an assertion and it must not be believed. Refuse such a request; don't treat it as anonymous.
    pub fn read(&self, headers: &HeaderMap) -> Result<Option<Assertion>, Distrust> {
        let mut values = headers.get_all(ASSERTION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Distrust("there are two".to_owned()));
        }
        let token = value.to_str().map_err(|_| Distrust("it is not text".to_owned()))?;
        let header = decode_header(token)?;
        if header.typ.as_deref() != Some(ASSERTION_TYPE) {
            return Err(Distrust(format!("it is no `{ASSERTION_TYPE}`")));
        }
        let key = self
            .keys
            .iter()
            .find(|key| header.kid.as_deref() == Some(key.id.as_str()))
            .ok_or_else(|| Distrust("its key is unknown".to_owned()))?;
        // The algorithm is the one that `validation` names, whatever the header says.
        let assertion = decode::<Assertion>(token, &key.verifies, &self.validation)?.claims;
        if self.tenant.as_ref().is_some_and(|tenant| *tenant != assertion.tenant) {
            return Err(Distrust("it is about a user of another tenant".to_owned()));
        }
        Ok(Some(assertion))
    }

    /// The receipt that says: the person of this session has registered a method. For the header [`RECEIPT`] of the answer
    /// to the request that finished the registration, and only there.
    ///
    /// # Errors
    /// If it cannot be signed, which no input brings about.
    pub fn receipt(&self, assertion: &Assertion) -> Result<HeaderValue, Distrust> {
        #[derive(Serialize)]
        struct Claims<'a> {
            sub: &'a str,
            sid: &'a str,
            exp: u64,
        }
        let key = self.keys.first().ok_or_else(|| Distrust("there is no key".to_owned()))?;
        let header =
            Header { typ: Some(RECEIPT_TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        let exp = jsonwebtoken::get_current_timestamp().saturating_add(RECEIPT_LIFETIME);
        let claims = Claims { sub: &assertion.sub, sid: &assertion.sid, exp };
        let token = encode(&header, &claims, &key.signs)?;
        HeaderValue::from_str(&token).map_err(|_| Distrust("the receipt is no header value".to_owned()))
    }
}
