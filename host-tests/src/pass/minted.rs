//! A well-formed signed pass, every claim of which a test can set.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::clock::now;
use crate::keys::{Key, Keys};
use crate::secrets::Secrets;

/// A pass to be minted. Starts out multi-use, valid for an hour from now, for the shipped policy.
#[derive(Clone)]
pub struct Pass {
    claims: Map<String, Value>,
    kid: String,
    typ: String,
    key: Key,
}

impl Pass {
    /// A pass for `user`.
    ///
    /// # Panics
    /// Never: the claims are an object.
    #[must_use]
    pub fn new(keys: &Keys, user: &str) -> Self {
        let start = now();
        let claims = json!({
            "iss": "https://gate.example.com",
            "aud": "gate.example.com",
            "sub": user,
            "jti": random_id(),
            "iat": start,
            "nbf": start,
            "exp": start + 3600,
        });
        let claims = claims.as_object().expect("an object").clone();
        Self { claims, kid: "pass-1".to_owned(), typ: "tap+jwt".to_owned(), key: keys.pass.clone() }
    }

    /// Makes it one-time.
    #[must_use]
    pub fn once(self) -> Self {
        self.claim("once", true)
    }

    /// Sets a claim to any value, its type right or not.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// When it begins and ends; issued at its start.
    #[must_use]
    pub fn valid(self, start: i64, end: i64) -> Self {
        self.claim("iat", start).claim("nbf", start).claim("exp", end)
    }

    /// Another `kid`.
    #[must_use]
    pub fn kid(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self
    }

    /// Another `typ`.
    #[must_use]
    pub fn typ(mut self, typ: &str) -> Self {
        typ.clone_into(&mut self.typ);
        self
    }

    /// Another signing key.
    #[must_use]
    pub fn signed_with(mut self, key: &Key) -> Self {
        self.key = key.clone();
        self
    }

    /// The claims so far.
    #[must_use]
    pub fn claims(&self) -> Value {
        Value::Object(self.claims.clone())
    }

    /// The key that signs it.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The signed pass.
    ///
    /// # Panics
    /// If the library cannot sign.
    #[must_use]
    pub fn mint(&self, secrets: &Secrets) -> String {
        let header =
            Header { typ: Some(self.typ.clone()), kid: Some(self.kid.clone()), ..Header::new(Algorithm::HS256) };
        let pass = encode(&header, &self.claims, &EncodingKey::from_secret(self.key.bytes())).expect("a signature");
        secrets.note(&pass);
        pass
    }
}

/// A pass id that no other pass has.
fn random_id() -> String {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
