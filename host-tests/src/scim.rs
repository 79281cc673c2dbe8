//! A SCIM server on loopback that nobody here wrote: scim2-server. It knows who it is told of, and forgets them when it is killed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::child::{bound, end};
use crate::client::{Browser, Call, Protocol, Response};
use crate::clock::HANG;
use crate::keys::Key;
use crate::ports;
use crate::secrets::Secrets;
use crate::workspace;

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs the server's own command line.
const SERVER: &str = "import sys; from scim2_server.testserver.cli import main; sys.exit(main())";

/// What a query of the gate's has and none of this rig's.
const QUERY: &str = "attributes=";

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Scim {
    child: Child,
    address: SocketAddr,
    token: String,
    secrets: Secrets,
    /// What it has logged.
    log: Arc<Mutex<Vec<String>>>,
}

impl Scim {
    /// Starts one that takes a new token and knows nobody.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(secrets: &Secrets) -> Self {
        let address = ports::free(1)[0];
        // Of the characters that a bearer token may have.
        let token = Key::random().base64();
        secrets.note(&token);
        let mut child = bound(&workspace::python_with_scim())
            .args(["-u", "-c", SERVER, "--port", &address.port().to_string(), "--bearer-token", &token])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python can be run");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
        let kept = Arc::clone(&log);
        thread::spawn(move || lines.for_each(|line| kept.lock().unwrap_or_else(PoisonError::into_inner).push(line)));
        let scim = Self { child, address, token, secrets: secrets.clone(), log };
        let began = Instant::now();
        while scim.try_call(Call::get("/ServiceProviderConfig")).await.is_none_or(|answer| answer.status != 200) {
            assert!(began.elapsed() < HANG, "the SCIM server does not answer: {:?}", scim.lines());
            tokio::time::sleep(LOOK).await;
        }
        scim
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The token that it takes.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Adds a user; their id. `members` are further members of the resource.
    ///
    /// # Panics
    /// If it refuses.
    pub async fn user(&self, name: &str, members: Value) -> String {
        let mut user =
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": true});
        for (name, value) in members.as_object().expect("an object") {
            user[name] = value.clone();
        }
        self.create("/Users", &user).await
    }

    /// Adds a group; its id.
    ///
    /// # Panics
    /// If it refuses.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
        self.create("/Groups", &json!({"schemas": schemas, "displayName": name, "members": members})).await
    }

    async fn create(&self, path: &str, resource: &Value) -> String {
        let answer = self.call(Call::post(path).json(resource)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Says whether a user is active.
    ///
    /// # Panics
    /// If it refuses.
    pub async fn set_active(&self, id: &str, active: bool) {
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": active}],
        });
        let answer = self.call(Call::new("PATCH", &format!("/Users/{id}")).json(&patch)).await;
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    }

    /// Removes a user.
    ///
    /// # Panics
    /// If it refuses.
    pub async fn remove(&self, id: &str) {
        let answer = self.call(Call::new("DELETE", &format!("/Users/{id}"))).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Stops it where it stands: it takes connections, and answers nobody.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).expect("a process of ours");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn thaw(&self) {
        kill_process(self.pid(), Signal::CONT).expect("a process of ours");
    }

    /// Kills it: nobody takes a connection there any more.
    pub fn kill(&mut self) {
        end(&mut self.child);
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// How often a gate has asked it something.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn asked(&self) -> usize {
        // It logs what it has answered after that, one request after another: once this one is there, all before it are.
        let mark = format!("/ResourceTypes?mark={}", fastrand::u64(..));
        self.call(Call::get(&mark)).await;
        let began = Instant::now();
        loop {
            let lines = self.lines();
            if lines.iter().any(|line| line.contains(&mark)) {
                return lines.iter().filter(|line| line.contains(QUERY)).count();
            }
            assert!(began.elapsed() < HANG, "it logs nothing: {lines:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn call(&self, call: Call) -> Response {
        self.try_call(call).await.expect("the SCIM server answers")
    }

    async fn try_call(&self, call: Call) -> Option<Response> {
        let mut browser = Browser::new(self.address, Protocol::Http1, "127.0.0.1", &self.secrets);
        browser.try_send(call.header("authorization", format!("Bearer {}", self.token))).await.ok()
    }
}

impl Drop for Scim {
    fn drop(&mut self) {
        // One that is frozen would not be reaped before it goes on.
        let _ = kill_process(self.pid(), Signal::CONT);
        end(&mut self.child);
    }
}
