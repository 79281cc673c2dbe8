//! An authenticator in software, and the browser's part of a ceremony: what a relying party gets to see of both, by WebAuthn level 2.
//! Written from the specification, not with the library that the application judges it by.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// The exception that a browser throws for a credential that is excluded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidState;

struct Credential {
    id: Vec<u8>,
    relying_party: String,
    handle: String,
    key: EcdsaKeyPair,
    counter: u32,
}

/// An authenticator with its browser. The public fields are what a test bends.
pub(crate) struct Authenticator {
    credentials: Vec<Credential>,
    /// The page that the browser says it is on.
    pub(crate) origin: String,
    /// Whether the person proves who they are.
    pub(crate) verifies: bool,
    /// Whether the counter moves, as it does not on a copy.
    pub(crate) counts: bool,
}

impl Authenticator {
    /// A new one, at a page of this origin.
    pub(crate) fn new(origin: &str) -> Self {
        Self { credentials: Vec::new(), origin: origin.to_owned(), verifies: true, counts: true }
    }

    /// `navigator.credentials.create`, and the answer as the page sends it.
    pub(crate) fn create(&mut self, options: &Value) -> Result<Value, InvalidState> {
        let options = &options["publicKey"];
        let relying_party = text(&options["rp"]["id"]);
        let excluded = options["excludeCredentials"].as_array().cloned().unwrap_or_default();
        if excluded.iter().any(|one| self.credentials.iter().any(|mine| mine.id == bytes(&one["id"]))) {
            return Err(InvalidState);
        }
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required", "{options}");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required", "{options}");
        let random = SystemRandom::new();
        let mut id = vec![0; 32];
        random.fill(&mut id).unwrap();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let mut data = self.data(&relying_party, ATTESTED, 0);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(&id);
        data.extend(cose(key.public_key().as_ref()));
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(data);
        let client = self.client("webauthn.create", &options["challenge"]);
        let answer = json!({
            "id": BASE64.encode(&id), "rawId": BASE64.encode(&id), "type": "public-key",
            "response": { "attestationObject": BASE64.encode(object), "clientDataJSON": BASE64.encode(client) },
        });
        let handle = text(&options["user"]["id"]);
        self.credentials.push(Credential { id, relying_party, handle, key, counter: 0 });
        Ok(answer)
    }

    /// `navigator.credentials.get`, and the answer as the page sends it; `None` if there is no passkey that may answer.
    pub(crate) fn get(&mut self, options: &Value) -> Option<Value> {
        let options = &options["publicKey"];
        let allowed: Vec<Vec<u8>> =
            options["allowCredentials"].as_array().into_iter().flatten().map(|one| bytes(&one["id"])).collect();
        let relying_party = text(&options["rpId"]);
        let at = self.credentials.iter().rposition(|mine| {
            mine.relying_party == relying_party && (allowed.is_empty() || allowed.contains(&mine.id))
        })?;
        if self.counts {
            self.credentials[at].counter += 1;
        }
        let data = self.data(&relying_party, 0, self.credentials[at].counter);
        let client = self.client("webauthn.get", &options["challenge"]);
        let used = &self.credentials[at];
        let signed = [data.clone(), digest(&SHA256, &client).as_ref().to_vec()].concat();
        let signature = used.key.sign(&SystemRandom::new(), &signed).unwrap();
        Some(json!({
            "id": BASE64.encode(&used.id), "rawId": BASE64.encode(&used.id), "type": "public-key",
            "response": {
                "authenticatorData": BASE64.encode(data), "clientDataJSON": BASE64.encode(client),
                "signature": BASE64.encode(signature), "userHandle": used.handle,
            },
        }))
    }

    /// What the authenticator says: for whom, whether there was somebody, how often.
    fn data(&self, relying_party: &str, flags: u8, counter: u32) -> Vec<u8> {
        let mut data = digest(&SHA256, relying_party.as_bytes()).as_ref().to_vec();
        data.push(flags | PRESENT | if self.verifies { VERIFIED } else { 0 });
        data.extend(counter.to_be_bytes());
        data
    }

    /// What the browser says: what is done, on which page, and the challenge.
    fn client(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }
}

/// An uncompressed point on P-256 as a COSE key for ES256.
fn cose(point: &[u8]) -> Vec<u8> {
    let (x, y) = point[1..].split_at(32);
    [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap()).unwrap()
}
