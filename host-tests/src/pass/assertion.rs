//! Assertions: what the gate tells the application about a person, read as an application would.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use crate::keys::Keys;

/// The claims of an assertion whose signature, type, issuer, audience and time are right.
///
/// # Panics
/// If one of them is not.
#[must_use]
pub fn read_assertion(keys: &Keys, assertion: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&["https://gate.example.com"]);
    validation.set_audience(&["gate.example.com"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = 0;
    let key = DecodingKey::from_secret(keys.upstream.bytes());
    let read = decode::<Value>(assertion, &key, &validation).expect("an assertion that verifies");
    assert_eq!(read.header.typ.as_deref(), Some("tap-assertion+jwt"));
    assert_eq!(read.header.kid.as_deref(), Some("up-1"));
    read.claims
}
