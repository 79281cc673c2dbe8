//! Something that answers in etcd's place: a small store that takes its ranges, transactions and leases, and whatever a test has
//! it do instead.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tapgate_core::ledger::{Record, RecordName};
use tapgate_core::time::UnixSeconds;

/// A request as it came.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
}

/// What is done about it.
pub(crate) enum Reply {
    /// This.
    Body(u16, Vec<u8>),
    /// The connection is closed.
    HangUp,
    /// Nothing, ever.
    Silence,
    /// 200, and these pieces as they are, with nothing said of their length; then the end.
    Pieces(Vec<Vec<u8>>),
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::Body(status, value.to_string().into_bytes())
    }
}

/// Where a fake listens.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
}

/// Somebody who decides what is answered; the store is at hand.
type Handler = dyn Fn(&Asked, &mut Store) -> Reply + Send + Sync;

impl Fake {
    /// A store that does what etcd does.
    pub(crate) fn with(store: Store) -> Self {
        Self::doing(store, |asked, store| store.answer(asked))
    }

    /// Answers everything alike.
    pub(crate) fn saying(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::doing(Store::default(), move |_, _| Reply::Body(status, body.clone()))
    }

    pub(crate) fn doing(store: Store, handler: impl Fn(&Asked, &mut Store) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(store, None, Arc::new(handler))
    }

    /// A store behind TLS.
    pub(crate) fn behind(tls: ServerConfig, store: Store) -> Self {
        Self::listen(store, Some(Arc::new(tls)), Arc::new(|asked: &Asked, store: &mut Store| store.answer(asked)))
    }

    fn listen(store: Store, tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let store = Arc::new(Mutex::new(store));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (store, tls, handler) = (Arc::clone(&store), tls.clone(), Arc::clone(&handler));
                // Whoever hangs up early has seen enough.
                thread::spawn(move || match tls {
                    None => serve(&stream, &store, &*handler).ok(),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(connection, stream), &store, &*handler).ok()
                    }
                });
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: impl Read + Write, store: &Mutex<Store>, handler: &Handler) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut path, mut token, mut length) = (String::new(), None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            None => path = line.split(' ').nth(1).unwrap_or_default().to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => token = Some(value.to_owned()),
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let asked = Asked { path, token, body: serde_json::from_slice(&body).unwrap() };
    let reply = handler(&asked, &mut store.lock().unwrap());
    let stream = stream.get_mut();
    match reply {
        Reply::Body(status, body) => {
            write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
            stream.write_all(&body)?;
        }
        Reply::Pieces(pieces) => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            for piece in pieces {
                stream.write_all(&piece)?;
                stream.flush()?;
            }
        }
        Reply::HangUp => {}
        Reply::Silence => loop {
            thread::park();
        },
    }
    stream.flush()
}

/// What lies under a key.
#[derive(Clone)]
struct Kept {
    created: u64,
    modified: u64,
    value: Vec<u8>,
}

/// Keys, as etcd keeps them; only the newest of each.
#[derive(Clone)]
pub(crate) struct Store {
    revision: u64,
    keys: BTreeMap<Vec<u8>, Kept>,
}

impl Default for Store {
    fn default() -> Self {
        Self { revision: 1, keys: BTreeMap::new() }
    }
}

/// Where the ledger of the tests' tenant lies.
pub(crate) const BASE: &str = "/tapgate/ledger.1/contoso/";

pub(crate) fn key_of(user: &str) -> String {
    format!("{BASE}record/{}", RecordName::of(&"contoso".parse().unwrap(), &user.parse().unwrap()))
}

impl Store {
    /// One with a ledger that began then.
    pub(crate) fn born(second: u64) -> Self {
        let mut store = Self::default();
        store.put(format!("{BASE}birth").into_bytes(), second.to_be_bytes().to_vec());
        store
    }

    pub(crate) fn holding(mut self, user: &str, record: &Record) -> Self {
        self.put(key_of(user).into_bytes(), record.encode());
        self
    }

    pub(crate) fn with_bytes(mut self, key: &str, value: &[u8]) -> Self {
        self.put(key.as_bytes().to_vec(), value.to_vec());
        self
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.revision += 1;
        let created = self.keys.get(&key).map_or(self.revision, |kept| kept.created);
        self.keys.insert(key, Kept { created, modified: self.revision, value });
    }

    fn header(&self) -> Value {
        json!({"cluster_id": "1", "member_id": "13668033151171901709", "revision": self.revision.to_string(), "raft_term": "2"})
    }

    /// What etcd would say.
    pub(crate) fn answer(&mut self, asked: &Asked) -> Reply {
        let mut told = match asked.path.as_str() {
            "/v3/kv/range" => self.range(&asked.body),
            "/v3/kv/txn" => self.txn(&asked.body),
            "/v3/lease/grant" => json!({"ID": "7587", "TTL": asked.body["TTL"]}),
            other => panic!("nobody should ask for {other}"),
        };
        told["header"] = self.header();
        Reply::json(200, &told)
    }

    fn range(&self, question: &Value) -> Value {
        let start = bytes(&question["key"]);
        let end = question.get("range_end").map_or_else(|| [&start[..], &[0]].concat(), bytes);
        let all: Vec<_> = self.keys.range(start..end).collect();
        let limit = question["limit"].as_str().map_or(usize::MAX, |limit| limit.parse().unwrap());
        let mut told = json!({});
        if !all.is_empty() {
            told["count"] = all.len().to_string().into();
        }
        if question["count_only"] != true && !all.is_empty() {
            told["kvs"] = all.iter().take(limit).map(|(key, kept)| kept.told(key)).collect();
            if all.len() > limit {
                told["more"] = true.into();
            }
        }
        told
    }

    fn txn(&mut self, question: &Value) -> Value {
        let list = |name: &str| question[name].as_array().unwrap().clone();
        let holds = |compare: &Value| {
            let kept = self.keys.get(&bytes(&compare["key"]));
            match compare["target"].as_str().unwrap() {
                "CREATE" => kept.is_none(),
                "MOD" => kept.map(|kept| kept.modified.to_string()).as_deref() == compare["mod_revision"].as_str(),
                _ => kept.is_some_and(|kept| kept.value == bytes(&compare["value"])),
            }
        };
        let succeeded = list("compare").iter().all(holds);
        let mut responses = Vec::new();
        for operation in list(if succeeded { "success" } else { "failure" }) {
            responses.push(if let Some(put) = operation.get("request_put") {
                self.put(bytes(&put["key"]), bytes(&put["value"]));
                json!({"response_put": {"header": {"revision": self.revision.to_string()}}})
            } else {
                json!({"response_range": self.range(&operation["request_range"])})
            });
        }
        let mut told = json!({"responses": responses});
        if succeeded {
            told["succeeded"] = true.into();
        }
        told
    }
}

impl Kept {
    fn told(&self, key: &[u8]) -> Value {
        json!({
            "key": STANDARD.encode(key),
            "create_revision": self.created.to_string(),
            "mod_revision": self.modified.to_string(),
            "version": "1",
            "value": STANDARD.encode(&self.value),
        })
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A record in which a multi-use pass stands, with a session.
pub(crate) fn standing(id: &str, issued: u64) -> Record {
    use tapgate_core::ledger::{Event as _, PresentedPass, SignIn};
    let at = |second: u64| UnixSeconds::new(second).unwrap();
    let sign_in = SignIn {
        pass: PresentedPass {
            id: id.parse().unwrap(),
            issued: at(issued),
            start: at(issued),
            end: at(issued + 3600),
            once: false,
            typed: false,
        },
        session: tapgate_core::names::SessionId::from_bytes([7; 16]),
        holder: vec![[0x5A; 32]],
        window: tapgate_core::time::Seconds::new(600),
        retries: 3,
        longest_from_issue: tapgate_core::time::Seconds::new(100_000),
    };
    sign_in.apply(None, at(1), at(issued + 10)).write.record().unwrap()
}

/// The same of a one-time pass, which is reserved.
pub(crate) fn reserved(id: &str, issued: u64) -> Record {
    let mut record = standing(id, issued);
    let pass = record.pass.as_mut().unwrap();
    let at = |second: u64| UnixSeconds::new(second).unwrap();
    pass.once = true;
    pass.reservation = Some(tapgate_core::ledger::Reservation {
        holder: [0x5A; 32],
        since: at(issued + 10),
        deadline: at(issued + 610),
        retries_left: 3,
        consumed: false,
    });
    record
}
