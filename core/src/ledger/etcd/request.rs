//! What is sent: transactions as the gateway reads them (`TxnRequest` of etcd's `rpc.proto`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Call;
use super::keyspace::Key;

const TXN: &str = "/v3/kv/txn";

/// Room for any body, so that none is moved while it grows and leaves a password behind.
const CAPACITY: usize = 8 << 10;

impl Call {
    pub(super) fn new(path: &'static str, body: &impl Serialize) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(CAPACITY));
        // Writing text and numbers to memory cannot fail; etcd would refuse half a body.
        let _ = serde_json::to_writer(&mut *bytes, body);
        Self { path, body: bytes }
    }
}

/// If all comparisons hold, the operations of `success`, else those of `failure`; all at once, in this order.
#[derive(Serialize)]
pub(super) struct Txn<'a> {
    pub(super) compare: Vec<Compare<'a>>,
    pub(super) success: Vec<Operation<'a>>,
    pub(super) failure: Vec<Operation<'a>>,
}

impl Txn<'_> {
    pub(super) fn call(&self) -> Call {
        Call::new(TXN, self)
    }
}

/// A comparison, with `=`: of what `target` names, which is the one that is there.
#[derive(Serialize)]
pub(super) struct Compare<'a> {
    key: &'a str,
    result: &'static str,
    target: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_revision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mod_revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl<'a> Compare<'a> {
    /// The key is not there.
    pub(super) fn absent(key: &'a Key) -> Self {
        Self { create_revision: Some("0"), ..Self::of(key, "CREATE") }
    }

    /// The key was last written in this revision.
    pub(super) fn written_in(key: &'a Key, revision: u64) -> Self {
        Self { mod_revision: Some(revision.to_string()), ..Self::of(key, "MOD") }
    }

    /// The key is there, with this value: etcd compares no value with nothing (`applyCompare` in `txn.go`).
    pub(super) fn holds(key: &'a Key, value: &[u8]) -> Self {
        Self { value: Some(STANDARD.encode(value)), ..Self::of(key, "VALUE") }
    }

    fn of(key: &'a Key, target: &'static str) -> Self {
        Self { key: &key.0, result: "EQUAL", target, create_revision: None, mod_revision: None, value: None }
    }
}

/// Something to be done.
#[derive(Serialize)]
pub(super) enum Operation<'a> {
    #[serde(rename = "request_put")]
    Put {
        key: &'a str,
        value: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        lease: Option<String>,
    },
    #[serde(rename = "request_range")]
    Range { key: &'a str },
}

impl<'a> Operation<'a> {
    /// Writes a key; it goes when its lease ends.
    pub(super) fn put(key: &'a Key, value: &[u8], lease: Option<u64>) -> Self {
        Self::Put { key: &key.0, value: STANDARD.encode(value), lease: lease.map(|id| id.to_string()) }
    }

    /// Reads a key.
    pub(super) fn range(key: &'a Key) -> Self {
        Self::Range { key: &key.0 }
    }
}
