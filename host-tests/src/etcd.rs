//! Real etcd: a cluster of members on loopback, each a process that a test kills and starts again as it likes. They run with
//! the files that `examples/etcd` ships, but for addresses and folders.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::body::Body;
use crate::child::{bound, end};
use crate::client::{Browser, Call, Failure, Protocol, Response};
use crate::clock::HANG;
use crate::ports;
use crate::secrets::Secrets;
use crate::workspace;

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How many members the shipped configurations are for.
const SHIPPED: usize = 3;

/// A cluster. Dropping it kills its members.
#[derive(Debug)]
pub struct Etcd {
    members: Vec<Member>,
    /// The members, as each of them is told of all.
    cluster: String,
}

/// One of them, running or not. What it knows is in its folder.
#[derive(Debug)]
struct Member {
    name: String,
    folder: TempDir,
    client: SocketAddr,
    peer: SocketAddr,
    child: Option<Child>,
}

impl Etcd {
    /// Starts a cluster of so many members and waits until it answers.
    ///
    /// # Panics
    /// If the machine fails, or nothing happens for a long time.
    pub async fn start(members: usize) -> Self {
        // Their ports are chosen before any of them runs, since each has to know all.
        let ports = ports::free(members * 2);
        let member = |(number, ports): (usize, &[SocketAddr])| Member {
            name: format!("member-{number}"),
            folder: tempfile::tempdir().expect("a folder"),
            client: ports[0],
            peer: ports[1],
            child: None,
        };
        let members: Vec<_> = ports.chunks(2).enumerate().map(member).collect();
        let cluster: Vec<_> = members.iter().map(|member| format!("{}=http://{}", member.name, member.peer)).collect();
        let mut etcd = Self { members, cluster: cluster.join(",") };
        for number in 0..etcd.members.len() {
            etcd.configure(number);
        }
        for number in 0..etcd.members.len() {
            etcd.restart(number);
        }
        for number in 0..etcd.members.len() {
            etcd.answers(number).await;
        }
        etcd
    }

    /// Writes a member's configuration: the shipped one of its number, with its own addresses and folder.
    fn configure(&self, number: usize) {
        let Member { name, folder, client, peer, .. } = &self.members[number];
        let file = workspace::root().join(format!("examples/etcd/etcd-{}.yaml", number % SHIPPED + 1));
        let text = std::fs::read_to_string(file).expect("a shipped configuration");
        let mut shipped: Value = serde_saphyr::from_str(&text).expect("a configuration is YAML");
        for (field, value) in [
            ("name", name.clone()),
            ("data-dir", folder.path().join("data").display().to_string()),
            ("listen-client-urls", format!("http://{client}")),
            ("advertise-client-urls", format!("http://{client}")),
            ("listen-peer-urls", format!("http://{peer}")),
            ("initial-advertise-peer-urls", format!("http://{peer}")),
            ("initial-cluster", self.cluster.clone()),
        ] {
            let place = shipped.get_mut(field).unwrap_or_else(|| panic!("the shipped configuration has `{field}`"));
            *place = json!(value);
        }
        std::fs::write(configuration(folder), shipped.to_string()).expect("a configuration can be written");
    }

    /// Where a member takes calls.
    #[must_use]
    pub fn address(&self, member: usize) -> SocketAddr {
        self.members[member].client
    }

    /// Kills a member: it gets no chance to do anything any more.
    pub fn kill(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].child.take() {
            end(&mut child);
        }
    }

    /// Starts a member with what it knew, unless it runs.
    ///
    /// # Panics
    /// If it cannot be run.
    pub fn restart(&mut self, member: usize) {
        let Member { folder, child, .. } = &mut self.members[member];
        if child.is_some() {
            return;
        }
        let log = OpenOptions::new().create(true).append(true).open(folder.path().join("log")).expect("a log file");
        let started = bound(&workspace::etcd())
            .arg("--config-file")
            .arg(configuration(folder))
            .env_clear()
            // On ARM64 etcd 3.4 runs only where it is told that this is known.
            .envs(cfg!(target_arch = "aarch64").then_some(("ETCD_UNSUPPORTED_ARCH", "arm64")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        *child = Some(started.expect("etcd can be run"));
    }

    /// Somebody who makes calls of a member.
    #[must_use]
    pub fn client(&self, member: usize) -> Client {
        Client(Browser::new(self.address(member), Protocol::Http1, "etcd", &Secrets::default()))
    }

    /// Waits until a member answers with what the cluster has agreed on.
    ///
    /// # Panics
    /// If it does not for a long time.
    pub async fn answers(&self, member: usize) {
        let asked = Instant::now();
        let mut client = self.client(member);
        // A read that every member must have agreed to.
        let range = json!({"key": "AA=="}).to_string();
        while !client.post("/v3/kv/range", range.clone(), None).await.is_ok_and(|answer| answer.status == 200) {
            assert!(asked.elapsed() < HANG, "etcd hangs; its log:\n{}", self.log(member));
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The member that leads, if the members that run have one.
    pub async fn leader(&self) -> Option<usize> {
        for member in 0..self.members.len() {
            let status = self.client(member).post("/v3/maintenance/status", "{}", None).await;
            if let Ok(status) = status.map(|answer| answer.json())
                && status["leader"].is_string()
                && status["leader"] == status["header"]["member_id"]
            {
                return Some(member);
            }
        }
        None
    }

    /// How many members there are, running or not.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.members.len()
    }

    /// Whether a key is there, by a member that runs.
    pub async fn holds(&self, member: usize, key: &str) -> bool {
        let mut client = Browser::new(self.address(member), Protocol::Http1, "etcd", &Secrets::default());
        let range = Call::post("/v3/kv/range").json(&json!({"key": STANDARD.encode(key), "count_only": true}));
        client.try_send(range).await.is_ok_and(|answer| answer.json()["count"] == "1")
    }

    /// Every key and its value, by a member that runs.
    ///
    /// # Panics
    /// If it does not tell.
    pub async fn dump(&self, member: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let all = json!({"key": "AA==", "range_end": "AA=="}).to_string();
        let answer = self.client(member).post("/v3/kv/range", all, None).await.expect("an answer").json();
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64");
        let pairs = answer["kvs"].as_array().map(Vec::as_slice).unwrap_or_default();
        pairs.iter().map(|pair| (bytes(&pair["key"]), bytes(&pair["value"]))).collect()
    }

    /// A member's process, if it runs.
    #[must_use]
    pub fn process(&self, member: usize) -> Option<u32> {
        self.members[member].child.as_ref().map(Child::id)
    }

    /// What a member has written.
    ///
    /// # Panics
    /// If its log cannot be read.
    #[must_use]
    pub fn log(&self, member: usize) -> String {
        std::fs::read_to_string(self.members[member].folder.path().join("log")).expect("a log")
    }
}

/// A connection to a member's JSON gateway.
#[derive(Debug)]
pub struct Client(Browser);

impl Client {
    /// Makes a call, with a token or without.
    ///
    /// # Errors
    /// If no answer comes.
    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>, token: Option<&str>) -> Result<Response, Failure> {
        let call = Call::post(path).header("content-type", "application/json").body(Body::whole(body));
        let call = token.into_iter().fold(call, |call, token| call.header("authorization", token));
        self.0.try_send(call).await
    }
}

/// Where a member's configuration lies.
fn configuration(folder: &TempDir) -> PathBuf {
    folder.path().join("etcd.yaml")
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for member in 0..self.members.len() {
            self.kill(member);
        }
    }
}
