//! The places where a ledger can lie, each as a [`Ledger`] that answers at once: in memory, packed as for a proxy's shared
//! data, and in an etcd that a caller asks as the plugin would.

use std::collections::BTreeMap;

use tapgate_core::ledger::bucket::{self, Bucket};
use tapgate_core::ledger::etcd::{Answer, Call, Credentials, Failure, Grant, Keyspace, Lease, SwapAnswer, Token};
use tapgate_core::ledger::{Amendment, Ledger, Loaded, Put, Record, RecordName, SwapReply, Unavailable, Version};
use tapgate_core::policy::{LedgerPlace, Policy};
use tapgate_core::time::UnixSeconds;

use super::fake::{FakeEtcd, Sent};

/// A proxy's shared data: bytes and a number that changes with every write.
#[derive(Default)]
pub(crate) struct SharedData(BTreeMap<String, (Vec<u8>, u32)>);

impl Ledger for SharedData {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        let birth = self.0.entry(bucket::birth_key(&policy.tenant));
        let (birth, _) = birth.or_insert_with(|| (bucket::encode_birth(now).to_vec(), 1));
        let birth = bucket::decode_birth(birth)?;
        let record = match self.0.get(&bucket::key(&policy.tenant, name)) {
            None => None,
            Some((bytes, cas)) => Bucket::decode(bytes)?.get(name)?.map(|record| (record, Version(u64::from(*cas)))),
        };
        let amendment = self.0.get(&bucket::amendment_key(&policy.tenant));
        let amendment =
            amendment.map(|(bytes, cas)| (Amendment::new(bytes.clone()).unwrap(), Version(u64::from(*cas))));
        Ok(Loaded { birth, amendment, record })
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        let LedgerPlace::SharedData { maximum_records } = policy.ledger else { panic!("shared data") };
        let key = match put {
            Put::Record(name, _) => bucket::key(&policy.tenant, name),
            Put::Amendment(_) => bucket::amendment_key(&policy.tenant),
        };
        let stored = self.0.get(&key).cloned();
        let cas = stored.as_ref().map(|(_, cas)| Version(u64::from(*cas)));
        let (bytes, number) = stored.unwrap_or_default();
        let (standing, written) = match put {
            Put::Record(name, record) => {
                let packed = Bucket::decode(&bytes).unwrap();
                let standing = packed.get(name).unwrap().and(cas);
                (standing, packed.with(name, record, bucket::capacity(maximum_records), now))
            }
            Put::Amendment(amendment) => (cas, Ok(amendment.as_bytes().to_vec())),
        };
        match written {
            _ if standing != expected => SwapReply::Lost,
            Ok(written) => {
                self.0.insert(key, (written, number + 1));
                SwapReply::Swapped
            }
            Err(_) => SwapReply::Refused,
        }
    }
}

/// Whoever carries calls to etcd.
pub(crate) trait Wire {
    fn post(&mut self, call: &Call, token: Option<&str>) -> Sent;
}

impl Wire for FakeEtcd {
    fn post(&mut self, call: &Call, token: Option<&str>) -> Sent {
        Self::post(self, call, token)
    }
}

/// A worker of the gateway with its etcd.
pub(crate) struct Etcd<W> {
    pub(crate) wire: W,
    prefix: String,
    credentials: Option<Credentials>,
    token: Option<Token>,
    pub(crate) lease: Option<Lease>,
    /// What the ledger last loaded had besides its record.
    began: Option<(UnixSeconds, Option<Version>)>,
    /// What a lost swap brought; the next load of that record must find the same.
    brought: Option<(RecordName, Loaded)>,
}

impl<W: Wire> Etcd<W> {
    pub(crate) fn new(wire: W, prefix: &str, credentials: Option<Credentials>) -> Self {
        Self { wire, prefix: prefix.to_owned(), credentials, token: None, lease: None, began: None, brought: None }
    }

    /// Asks, and once more with a new token if etcd wants one.
    fn ask<T>(&mut self, call: &Call, read: impl Fn(Answer<'_>) -> T, wants_token: impl Fn(&T) -> bool) -> T {
        let sent = self.wire.post(call, self.token.as_ref().map(Token::header_value));
        let read_once = read(Answer { status: sent.0, body: &sent.1 });
        let Some(credentials) = self.credentials.as_ref().filter(|_| wants_token(&read_once)) else { return read_once };
        let sent = self.wire.post(&credentials.call(), None);
        self.token = credentials.read(Answer { status: sent.0, body: &sent.1 }).ok();
        let sent = self.wire.post(call, self.token.as_ref().map(Token::header_value));
        read(Answer { status: sent.0, body: &sent.1 })
    }

    fn lease_for(&mut self, policy: &Policy, record: &Record, now: UnixSeconds) -> Option<Lease> {
        if !self.lease.is_some_and(|lease| lease.serves(record, now)) {
            let grant = Grant::new(policy, record, now);
            let wants_token = |lease: &Result<Lease, Failure>| *lease == Err(Failure::Unauthenticated);
            self.lease = self.ask(&grant.call(), |answer| grant.read(answer), wants_token).ok();
        }
        self.lease
    }
}

impl<W: Wire> Ledger for Etcd<W> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        let keyspace = Keyspace::of(&self.prefix, &policy.tenant);
        let look = keyspace.look(name);
        let found = self.ask(&look.call(), |answer| look.read(answer), |read| *read == Err(Failure::Unauthenticated));
        let loaded = match found.map_err(|_| Unavailable)? {
            Some(loaded) => loaded,
            None => {
                let load = keyspace.load(name, now);
                let wants_token = |read: &Result<Loaded, Failure>| *read == Err(Failure::Unauthenticated);
                self.ask(&load.call(), |answer| load.read(answer), wants_token).map_err(|_| Unavailable)?
            }
        };
        if let Some((_, brought)) = self.brought.take().filter(|(of, _)| of == name) {
            assert_eq!(brought, loaded, "what a lost swap brings is what stands");
        }
        self.began = Some((loaded.birth, loaded.amended_in()));
        Ok(loaded)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        self.brought = None;
        let (birth, amended_in) = self.began.expect("nothing is swapped that was not loaded");
        let keyspace = Keyspace::of(&self.prefix, &policy.tenant);
        let mut lease = match put {
            Put::Record(_, record) => self.lease_for(policy, record, now),
            Put::Amendment(_) => None,
        };
        loop {
            let swap = match put {
                Put::Record(name, record) => {
                    keyspace.swap(name, birth, expected, record, lease.as_ref()).amended_in(amended_in)
                }
                Put::Amendment(amendment) => keyspace.amend(&policy.tenant, birth, expected, amendment),
            };
            let wants_token = |read: &SwapAnswer| *read == SwapAnswer::Unauthenticated;
            let swapped = self.ask(&swap.call(), |answer| swap.read(answer), wants_token);
            match (&swapped, put) {
                (SwapAnswer::LeaseGone, _) if lease.is_some() => {
                    self.lease = None;
                    lease = None;
                }
                (SwapAnswer::Lost(loaded), Put::Record(name, _)) => {
                    self.brought = Some((*name, Loaded::clone(loaded)));
                    return swapped.reply();
                }
                _ => return swapped.reply(),
            }
        }
    }
}
