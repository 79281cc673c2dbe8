//! Real etcd: a cluster of members on loopback, each a process that a test kills and starts again as it likes.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
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
            etcd.restart(number);
        }
        for number in 0..etcd.members.len() {
            etcd.answers(number).await;
        }
        etcd
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
        let Member { name, folder, client, peer, child } = &mut self.members[member];
        if child.is_some() {
            return;
        }
        let log = OpenOptions::new().create(true).append(true).open(folder.path().join("log")).expect("a log file");
        let (client, peer) = (format!("http://{client}"), format!("http://{peer}"));
        let started = bound(&workspace::etcd())
            .args(["--name", name.as_str(), "--data-dir"])
            .arg(folder.path().join("data"))
            .args(["--listen-client-urls", client.as_str(), "--advertise-client-urls", client.as_str()])
            .args(["--listen-peer-urls", peer.as_str(), "--initial-advertise-peer-urls", peer.as_str()])
            .args(["--initial-cluster", self.cluster.as_str(), "--initial-cluster-state", "new"])
            .args(["--logger", "zap", "--log-outputs", "stderr"])
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

impl Drop for Etcd {
    fn drop(&mut self) {
        for member in 0..self.members.len() {
            self.kill(member);
        }
    }
}
