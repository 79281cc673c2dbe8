//! Key rings: keys by purpose and id, the first of a list signs, all of them verify (2.3), so that rotation has no gap.
//!
//! Key bytes live here and nowhere else. They are wiped on drop, and nothing that holds one has a `Debug`, a
//! `PartialEq` or a `Clone`; a key is only ever used through a MAC, compared in constant time.

use std::marker::PhantomData;
use std::str::FromStr;
use std::{fmt, iter};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::code::CodeLength;
use crate::digest;
use crate::ledger::KeyedRequest;
use crate::names::{Identity, KeyId, PassId, TenantId, UserName};
use crate::seal::SealKeys;

/// The bytes of a key: at least 32, at most 1024.
pub struct KeyBytes(Zeroizing<Vec<u8>>);

/// Keys with their ids, the signing one first, as a policy lists them.
pub type NamedKeys = [(KeyId, KeyBytes)];

/// Why a text is no key. Never shows any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not base64, standard or URL-safe.
    NotBase64,
    /// Fewer than 32 bytes, or more than 1024.
    Length(usize),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBase64 => f.write_str("a key that is neither standard nor URL-safe base64"),
            Self::Length(bytes) => {
                write!(f, "a key of {bytes} bytes; a key has 32 to 1024 (make one with `tapgate keygen`)")
            }
        }
    }
}

impl std::error::Error for KeyError {}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

impl FromStr for KeyBytes {
    type Err = KeyError;

    /// Reads base64, standard or URL-safe, padded or not; white space around it is ignored.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| KeyError::NotBase64)?;
        let bytes = Zeroizing::new(bytes);
        if (32..=1024).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(KeyError::Length(bytes.len())) }
    }
}

impl KeyBytes {
    /// Tells equal keys apart from others (2.5) without keeping them.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        digest::sha256(&[b"tapgate-key", &self.0])
    }

    /// `None` never happens: HKDF-SHA256 gives up to 8160 bytes, and 32 are asked for.
    fn derive(&self, purpose: &str, tenant: &TenantId) -> Option<Zeroizing<[u8; 32]>> {
        let mut derived = Zeroizing::new([0; 32]);
        let info = format!("tapgate/1/{purpose}/{tenant}");
        Hkdf::<Sha256>::new(None, &self.0).expand(info.as_bytes(), derived.as_mut_slice()).ok()?;
        Some(derived)
    }
}

/// What a ring of keys is for. A ring of one purpose never verifies what another signed.
pub trait Purpose {}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            pub enum $name {}
            impl Purpose for $name {}
        )*
    };
}

purposes! {
    /// Signs passes; shared with whoever may mint them.
    Passes,
    /// Signs assertions and receipts; shared with the application.
    Upstream,
    /// Signs events for a webhook; shared with whoever receives them.
    Webhooks,
    /// Signs administrators' tokens; shared with whoever may give them out.
    Admins,
    /// Signs session cookies; derived from a gateway key.
    Sessions,
    /// Hashes holder cookies; derived from a gateway key.
    Holders,
    /// Hashes names that were merely typed, for the log; derived from a gateway key.
    TypedNames,
    /// Makes typed codes; derived from a gateway key.
    Codes,
    /// Hashes the keys of issuing requests; derived from a gateway key.
    Requests,
    /// Authenticates amendments to the policy; derived from a gateway key.
    Amendments,
}

struct Key {
    id: KeyId,
    mac: Hmac<Sha256>,
}

impl Key {
    /// `None` never happens: HMAC takes keys of any length (RFC 2104).
    fn new(id: KeyId, bytes: &[u8]) -> Option<Self> {
        Some(Self { id, mac: Hmac::new_from_slice(bytes).ok()? })
    }

    fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.mac.clone().chain_update(message).finalize().into_bytes().into()
    }
}

/// Keys of one purpose, by id; never empty.
pub struct KeyRing<P> {
    first: Key,
    others: Vec<Key>,
    purpose: PhantomData<fn(P)>,
}

impl<P: Purpose> KeyRing<P> {
    /// A ring whose first key signs; `None` without a key.
    #[must_use]
    pub fn new(keys: &NamedKeys) -> Option<Self> {
        Self::of(keys, |id, bytes| Key::new(id, &bytes.0))
    }

    fn derived(keys: &NamedKeys, purpose: &str, tenant: &TenantId) -> Option<Self> {
        Self::of(keys, |id, bytes| Key::new(id, bytes.derive(purpose, tenant)?.as_slice()))
    }

    fn of(keys: &NamedKeys, key: impl Fn(KeyId, &KeyBytes) -> Option<Key>) -> Option<Self> {
        let mut keys = keys.iter().map(|(id, bytes)| key(id.clone(), bytes));
        let first = keys.next()??;
        Some(Self { first, others: keys.collect::<Option<_>>()?, purpose: PhantomData })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        iter::once(&self.first).chain(&self.others)
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn signing_id(&self) -> &KeyId {
        &self.first.id
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.first.tag(message)
    }

    /// Whether `tag` is that of `message` under the key `id`, in constant time; `None` if there is no such key.
    pub(crate) fn verify(&self, id: &str, message: &[u8], tag: &[u8]) -> Option<bool> {
        let key = self.all().find(|key| key.id.as_str() == id)?;
        Some(key.mac.clone().chain_update(message).verify_slice(tag).is_ok())
    }

    /// The tag of `message` under the key `id`; `None` if there is no such key.
    fn tag_by(&self, id: &KeyId, message: &[u8]) -> Option<[u8; 32]> {
        self.all().find(|key| key.id == *id).map(|key| key.tag(message))
    }

    pub(crate) fn tags(&self, message: &[u8]) -> Vec<[u8; 32]> {
        self.all().map(|key| key.tag(message)).collect()
    }
}

/// What is derived from a tenant's gateway keys, each through HKDF-SHA256 with `tapgate/1/PURPOSE/TENANT` (2.5).
pub struct GatewayKeys {
    pub(crate) sessions: KeyRing<Sessions>,
    pub(crate) seal: SealKeys,
    holders: KeyRing<Holders>,
    typed_names: KeyRing<TypedNames>,
    codes: KeyRing<Codes>,
    requests: KeyRing<Requests>,
    pub(crate) amendments: KeyRing<Amendments>,
}

impl GatewayKeys {
    /// `None` without a key.
    pub(crate) fn derive(keys: &NamedKeys, tenant: &TenantId) -> Option<Self> {
        let mut seal = keys.iter().map(|(id, bytes)| Some((id.clone(), bytes.derive("seal", tenant)?)));
        Some(Self {
            sessions: KeyRing::derived(keys, "session", tenant)?,
            holders: KeyRing::derived(keys, "holder", tenant)?,
            typed_names: KeyRing::derived(keys, "typed-name", tenant)?,
            codes: KeyRing::derived(keys, "code", tenant)?,
            requests: KeyRing::derived(keys, "request", tenant)?,
            amendments: KeyRing::derived(keys, "amendment", tenant)?,
            seal: SealKeys::new(seal.next()??, seal.collect::<Option<_>>()?),
        })
    }

    /// The hashes by which the ledger may know a holder cookie (7.3): one a key, the signing key's first.
    pub(crate) fn holder_hashes(&self, identity: &Identity, holder: &[u8]) -> Vec<[u8; 32]> {
        self.holders.tags(&digest::length_prefixed(&[identity.as_str().as_bytes(), holder]))
    }

    /// The hashes by which the ledger knows a request for a user's pass by its key, and who made it.
    pub(crate) fn request_hashes(&self, identity: &Identity, key: &str, caller: &Identity) -> KeyedRequest {
        fn cut<const N: usize>(tag: &[u8; 32]) -> [u8; N] {
            std::array::from_fn(|place| tag.get(place).copied().unwrap_or_default())
        }
        let (identity, key) = (identity.as_str().as_bytes(), key.as_bytes());
        let tags = self.requests.tags(&digest::length_prefixed(&[identity, key]));
        let callers = self.requests.tags(&digest::length_prefixed(&[identity, key, caller.as_str().as_bytes()]));
        KeyedRequest { tags: tags.iter().map(cut).collect(), callers: callers.iter().map(cut).collect() }
    }

    /// The key that new codes are derived with.
    pub(crate) fn code_key(&self) -> &KeyId {
        self.codes.signing_id()
    }

    /// What a user's code is made from; `None` if there is no such key.
    pub(crate) fn code_hash(
        &self,
        key: &KeyId,
        identity: &Identity,
        pass: &PassId,
        length: CodeLength,
    ) -> Option<Zeroizing<[u8; 32]>> {
        let fields = [identity.as_str().as_bytes(), pass.as_str().as_bytes(), &[length.get()]];
        self.codes.tag_by(key, &digest::length_prefixed(&fields)).map(Zeroizing::new)
    }

    /// What a log may say of a name that somebody typed (9.1): people type the pass into the name field.
    pub(crate) fn typed_name(&self, name: &UserName) -> String {
        let folded = name.as_str().to_ascii_lowercase();
        let [a, b, c, d, e, f, g, h, ..] = self.typed_names.sign(&digest::length_prefixed(&[folded.as_bytes()]));
        digest::hex(&[a, b, c, d, e, f, g, h])
    }
}
