//! An etcd in memory that does what a request's JSON says: compares, then or else, revisions, leases and users. It writes
//! answers as etcd's gateway does (defaults left out, 64-bit numbers and bytes as strings), and fails the test where a
//! request has something in it that etcd would ignore or refuse to read.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tapgate_core::ledger::etcd::{Answer, Call};

/// What etcd sent.
pub(crate) type Sent = (u16, Vec<u8>);

pub(crate) fn answer(sent: &Sent) -> Answer<'_> {
    Answer { status: sent.0, body: &sent.1 }
}

pub(crate) fn body(call: &Call) -> String {
    String::from_utf8(call.body.to_vec()).unwrap()
}

#[derive(Clone, Debug, PartialEq)]
struct Kept {
    created: i64,
    modified: i64,
    version: i64,
    value: String,
    lease: Option<i64>,
}

/// The cluster.
#[derive(Clone, Debug)]
pub(crate) struct FakeEtcd {
    /// Seconds on its own clock, by which leases end.
    pub(crate) clock: u64,
    /// Name and password, if it has users.
    pub(crate) user: Option<(&'static str, &'static str)>,
    /// How many calls it took, and how many of them could have written.
    pub(crate) calls: u32,
    pub(crate) writing: u32,
    revision: i64,
    keys: BTreeMap<String, Kept>,
    leases: BTreeMap<i64, u64>,
    tokens: BTreeSet<String>,
    granted: u32,
}

impl FakeEtcd {
    pub(crate) fn new() -> Self {
        Self {
            clock: 77,
            user: None,
            calls: 0,
            writing: 0,
            revision: 1,
            keys: BTreeMap::new(),
            leases: BTreeMap::new(),
            tokens: BTreeSet::new(),
            granted: 0,
        }
    }

    /// Makes a call, with a token or without.
    pub(crate) fn post(&mut self, call: &Call, token: Option<&str>) -> Sent {
        self.calls += 1;
        self.end_leases();
        let request: Value = serde_json::from_str(&body(call)).expect("JSON");
        let done = match call.path {
            "/v3/auth/authenticate" => self.authenticate(&request, token),
            path => self.known(token).and_then(|()| match path {
                "/v3/kv/txn" => self.txn(&request),
                "/v3/lease/grant" => Ok(self.grant(&request)),
                other => panic!("no path of etcd's: {other}"),
            }),
        };
        match done {
            Ok(answer) => (200, answer.to_string().into_bytes()),
            Err((status, code, message)) => {
                (status, json!({"error": message, "message": message, "code": code}).to_string().into_bytes())
            }
        }
    }

    /// Every token is forgotten, as after five minutes.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Every lease ends now, whatever was granted.
    pub(crate) fn forget_leases(&mut self) {
        self.leases.values_mut().for_each(|end| *end = 0);
        self.end_leases();
    }

    /// Somebody deletes every key.
    pub(crate) fn wipe(&mut self) {
        self.revision += 1;
        self.keys.clear();
    }

    /// The keys, as text.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.keys().map(|key| String::from_utf8(STANDARD.decode(key).unwrap()).unwrap()).collect()
    }

    fn end_leases(&mut self) {
        let clock = self.clock;
        let ended: Vec<i64> = self.leases.iter().filter(|(_, end)| **end <= clock).map(|(id, _)| *id).collect();
        for id in ended {
            self.leases.remove(&id);
            let before = self.keys.len();
            self.keys.retain(|_, kept| kept.lease != Some(id));
            self.revision += i64::from(self.keys.len() != before);
        }
    }

    fn known(&self, token: Option<&str>) -> Result<(), Refusal> {
        match (self.user, token) {
            (None, None) => Ok(()),
            (Some(_), Some(token)) if self.tokens.contains(token) => Ok(()),
            (Some(_), None) => Err((400, 3, "etcdserver: user name is empty")),
            (_, Some(_)) => Err((401, 16, "etcdserver: invalid auth token")),
        }
    }

    fn authenticate(&mut self, request: &Value, token: Option<&str>) -> Result<Value, Refusal> {
        assert_eq!(token, None, "etcd refuses to authenticate whoever has an old token");
        let [name, password] = members(request, ["name", "password"]);
        match self.user {
            None => Err((412, 9, "etcdserver: authentication is not enabled")),
            Some((known, secret)) if name == known && password == secret => {
                let token = format!("dPXSLLWktLKfSCLu.{}", self.calls);
                self.tokens.insert(token.clone());
                Ok(json!({"header": self.header(), "token": token}))
            }
            Some(_) => Err((400, 3, "etcdserver: authentication failed, invalid user ID or password")),
        }
    }

    fn grant(&mut self, request: &Value) -> Value {
        let [ttl] = members(request, ["TTL"]);
        let ttl: u32 = ttl.parse().unwrap();
        self.granted += 1;
        let id = 4_111_120_214_705_203_207 + i64::from(self.granted);
        self.leases.insert(id, self.clock + u64::from(ttl));
        json!({"header": self.header(), "ID": id.to_string(), "TTL": ttl.to_string()})
    }

    fn txn(&mut self, request: &Value) -> Result<Value, Refusal> {
        let parts = request.as_object().unwrap();
        assert!(parts.keys().all(|name| ["compare", "success", "failure"].contains(&name.as_str())), "{request}");
        let list = |name: &str| parts.get(name).map(|list| list.as_array().unwrap().clone()).unwrap_or_default();
        let (compare, success, failure) = (list("compare"), list("success"), list("failure"));
        self.writing += u32::from(success.iter().chain(&failure).any(|one| one.get("request_put").is_some()));
        let succeeded = compare.iter().all(|one| self.holds(one));
        let operations = if succeeded { success } else { failure };
        let leases = operations.iter().filter_map(|one| one["request_put"]["lease"].as_str());
        if leases.map(|id| id.parse::<i64>().unwrap()).any(|id| !self.leases.contains_key(&id)) {
            return Err((404, 5, "etcdserver: requested lease not found"));
        }
        let writes = operations.iter().any(|one| one.get("request_put").is_some());
        self.revision += i64::from(writes);
        let responses: Vec<Value> = operations.iter().map(|one| self.carry_out(one)).collect();
        let mut answer = json!({"header": self.header(), "responses": responses});
        if succeeded {
            answer["succeeded"] = json!(true);
        }
        Ok(answer)
    }

    fn holds(&self, compare: &Value) -> bool {
        let kept = self.keys.get(compare["key"].as_str().unwrap());
        assert_eq!(compare["result"], "EQUAL");
        assert_eq!(compare.as_object().unwrap().len(), 4, "{compare}");
        let number = |name: &str| compare[name].as_str().unwrap().parse::<i64>().unwrap();
        match compare["target"].as_str().unwrap() {
            "CREATE" => kept.map_or(0, |kept| kept.created) == number("create_revision"),
            "MOD" => kept.map_or(0, |kept| kept.modified) == number("mod_revision"),
            "VALUE" => kept.is_some_and(|kept| kept.value == compare["value"].as_str().unwrap()),
            other => panic!("no target of ours: {other}"),
        }
    }

    fn carry_out(&mut self, operation: &Value) -> Value {
        let header = json!({"revision": self.revision.to_string()});
        let (name, inside) = operation.as_object().unwrap().iter().next().unwrap();
        let key = inside["key"].as_str().unwrap().to_owned();
        assert!(!STANDARD.decode(&key).unwrap().is_empty());
        match name.as_str() {
            "request_put" => {
                let value = inside["value"].as_str().unwrap().to_owned();
                STANDARD.decode(&value).unwrap();
                let lease = inside.get("lease").map(|id| id.as_str().unwrap().parse().unwrap());
                let before = self.keys.get(&key);
                let kept = Kept {
                    created: before.map_or(self.revision, |kept| kept.created),
                    modified: self.revision,
                    version: before.map_or(1, |kept| kept.version + 1),
                    value,
                    lease,
                };
                self.keys.insert(key, kept);
                json!({"response_put": {"header": header}})
            }
            "request_range" => {
                assert_eq!(inside.as_object().unwrap().len(), 1, "{inside}");
                let mut range = Map::from_iter([("header".to_owned(), header)]);
                if let Some(kept) = self.keys.get(&key) {
                    range.insert("kvs".to_owned(), json!([kept.json(&key)]));
                    range.insert("count".to_owned(), json!("1"));
                }
                json!({"response_range": range})
            }
            other => panic!("no operation of ours: {other}"),
        }
    }

    fn header(&self) -> Value {
        json!({
            "cluster_id": "15118495548433857066",
            "member_id": "13668033151171901709",
            "revision": self.revision.to_string(),
            "raft_term": "2",
        })
    }
}

impl Kept {
    fn json(&self, key: &str) -> Value {
        let mut kv = json!({
            "key": key,
            "create_revision": self.created.to_string(),
            "mod_revision": self.modified.to_string(),
            "version": self.version.to_string(),
        });
        if !self.value.is_empty() {
            kv["value"] = json!(self.value);
        }
        if let Some(lease) = self.lease {
            kv["lease"] = json!(lease.to_string());
        }
        kv
    }
}

/// HTTP status, gRPC code, message.
type Refusal = (u16, u32, &'static str);

/// The members of an object that must have these and no others, all of them text.
fn members<'a, const N: usize>(object: &'a Value, names: [&str; N]) -> [&'a str; N] {
    assert_eq!(object.as_object().unwrap().len(), N, "{object}");
    names.map(|name| object[name].as_str().unwrap())
}
