//! Receipts: the application's word that a person has registered a method.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use super::read_assertion;
use crate::clock::now;
use crate::keys::{Key, Keys};
use crate::secrets::Secrets;
use crate::upstream::Recorded;

/// A receipt to be minted.
#[derive(Clone)]
pub struct Receipt {
    claims: Map<String, Value>,
    typ: String,
    key: Key,
}

impl Receipt {
    /// A receipt for a user and a session, good for a minute.
    ///
    /// # Panics
    /// Never: the claims are an object.
    #[must_use]
    pub fn new(keys: &Keys, user: &str, session: &str) -> Self {
        let claims = json!({"sub": user, "sid": session, "exp": now() + 60});
        let claims = claims.as_object().expect("an object").clone();
        Self { claims, typ: "tap-receipt+jwt".to_owned(), key: keys.upstream.clone() }
    }

    /// A receipt for whoever the assertion on a request names.
    #[must_use]
    pub fn answering(keys: &Keys, request: &Recorded) -> Option<Self> {
        let claims = read_assertion(keys, &request.header("tapgate-assertion")?);
        Some(Self::new(keys, claims["sub"].as_str()?, claims["sid"].as_str()?))
    }

    /// Sets a claim to any value.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
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

    /// The signed receipt.
    ///
    /// # Panics
    /// If the library cannot sign.
    #[must_use]
    pub fn mint(&self, secrets: &Secrets) -> String {
        let header =
            Header { typ: Some(self.typ.clone()), kid: Some("up-1".to_owned()), ..Header::new(Algorithm::HS256) };
        let receipt = encode(&header, &self.claims, &EncodingKey::from_secret(self.key.bytes())).expect("a signature");
        secrets.note(&receipt);
        receipt
    }
}
