//! Sealed cookie values (5.7): the application's cookies of a confined session, encrypted and authenticated, bound to
//! tenant, session and cookie name. Without the live session a sealed value is worthless.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::digest;
use crate::names::{KeyId, SessionId};
use crate::random::{NoEntropy, Random};

/// What every sealed value begins with; also how one is recognised outside its session, where it is dropped.
pub(crate) const PREFIX: &str = "tapgate-sealed.";

const NONCE: usize = 24;

/// The keys that seal (the first) and open (all).
pub(crate) struct SealKeys {
    first: SealKey,
    others: Vec<SealKey>,
}

struct SealKey {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

type DerivedKey = (KeyId, Zeroizing<[u8; 32]>);

impl SealKeys {
    pub(crate) fn new(first: DerivedKey, others: Vec<DerivedKey>) -> Self {
        let key = |(id, bytes): DerivedKey| SealKey { id, cipher: XChaCha20Poly1305::new((&*bytes).into()) };
        Self { first: key(first), others: others.into_iter().map(key).collect() }
    }

    /// Seals a cookie's value: `tapgate-sealed.NONCE_AND_CIPHERTEXT.KEY_ID`. `None` if the cipher refuses, which it
    /// does only for values of many gigabytes.
    ///
    /// # Errors
    /// [`NoEntropy`] without a fresh nonce.
    pub(crate) fn seal(
        &self,
        session: &SessionId,
        name: &[u8],
        value: &[u8],
        random: &mut dyn Random,
    ) -> Result<Option<String>, NoEntropy> {
        let nonce = random.bytes::<NONCE>()?;
        let context = context(session, name);
        let payload = Payload { msg: value, aad: &context };
        let Ok(ciphertext) = self.first.cipher.encrypt(&XNonce::from(nonce), payload) else { return Ok(None) };
        let sealed = URL_SAFE_NO_PAD.encode([&nonce, ciphertext.as_slice()].concat());
        Ok(Some(format!("{PREFIX}{sealed}.{}", self.first.id)))
    }

    /// Opens what [`SealKeys::seal`] made for this session and name; anything else is `None`.
    pub(crate) fn open(&self, session: &SessionId, name: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(sealed).ok()?.strip_prefix(PREFIX)?;
        let (body, id) = text.split_once('.')?;
        let key = std::iter::once(&self.first).chain(&self.others).find(|key| key.id.as_str() == id)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).ok()?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: ciphertext, aad: &context(session, name) };
        key.cipher.decrypt(&XNonce::from(nonce), payload).ok()
    }
}

/// The tenant is in the key already (2.5); session and name are bound here.
fn context(session: &SessionId, name: &[u8]) -> Vec<u8> {
    digest::length_prefixed(&[b"tapgate-cookie-1", session.as_bytes(), name])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
            buffer.fill(self.0);
            self.0 = self.0.wrapping_add(1);
            Ok(())
        }
    }

    fn keys(id: &str, byte: u8) -> DerivedKey {
        (id.parse().unwrap(), Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_session_and_under_its_name() {
        let seal = SealKeys::new(keys("one", 1), Vec::new());
        let session = SessionId::from_bytes([7; 16]);
        let sealed = seal.seal(&session, b"sid", b"secret", &mut Counting(0)).unwrap().unwrap();
        assert!(!sealed.contains("secret"));
        assert_eq!(seal.open(&session, b"sid", sealed.as_bytes()).as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal.open(&session, b"SID", sealed.as_bytes()), None);
        assert_eq!(seal.open(&SessionId::from_bytes([8; 16]), b"sid", sealed.as_bytes()), None);
        for cut in 0..sealed.len() {
            assert_eq!(seal.open(&session, b"sid", &sealed.as_bytes()[..cut]), None);
        }
    }

    #[test]
    fn an_older_key_still_opens_and_a_dropped_one_does_not() {
        let session = SessionId::from_bytes([7; 16]);
        let before = SealKeys::new(keys("old", 1), Vec::new());
        let sealed = before.seal(&session, b"sid", b"v", &mut Counting(0)).unwrap().unwrap();
        let rotated = SealKeys::new(keys("new", 2), vec![keys("old", 1)]);
        assert!(rotated.open(&session, b"sid", sealed.as_bytes()).is_some());
        let dropped = SealKeys::new(keys("new", 2), Vec::new());
        assert!(dropped.open(&session, b"sid", sealed.as_bytes()).is_none());
    }

    #[test]
    fn a_value_is_sealed_differently_each_time() {
        let seal = SealKeys::new(keys("one", 1), Vec::new());
        let session = SessionId::from_bytes([7; 16]);
        let mut random = Counting(0);
        let first = seal.seal(&session, b"sid", b"v", &mut random).unwrap();
        assert_ne!(first, seal.seal(&session, b"sid", b"v", &mut random).unwrap());
    }
}
