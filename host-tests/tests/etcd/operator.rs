//! `tapgate ledger` on what two gates keep in a real etcd: what it shows is so, what it revokes is refused by the time it says, and
//! its watch goes on when the member it is attached to is killed. Nothing that it says holds a secret.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tapgate_core::time::UnixSeconds;
use tapgate_host_tests::client::{Browser, Call, Protocol};
use tapgate_host_tests::clock::{self, HANG, now};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::workspace;
use tempfile::TempDir;

use crate::site::{MEMBERS, Site, policy, sign_in_at_last};

/// Somebody at a command line, with the gates' policy and keys.
struct Operator<'a> {
    site: &'a Site,
    folder: TempDir,
    members: String,
}

/// What a command did.
struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl<'a> Operator<'a> {
    fn of(site: &'a Site, etcd: &Etcd) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("policy.json"), policy().text()).expect("a policy");
        let members: Vec<_> = (0..MEMBERS).map(|member| format!("http://{}", etcd.address(member))).collect();
        Self { site, folder, members: members.join(",") }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(workspace::command_line());
        command
            .arg("ledger")
            .args(arguments)
            .arg("--policy")
            .arg(self.folder.path().join("policy.json"))
            .env_clear()
            .env("TAPGATE_ETCD", &self.members)
            .envs(self.site.keys.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end; it says nothing that is a secret.
    fn run(&self, arguments: &[&str], stdin: &str) -> Done {
        let mut child = self.command(arguments).spawn().expect("the command line can be run");
        child.stdin.take().expect("its input").write_all(stdin.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        for stream in [&output.stdout, &output.stderr] {
            assert_eq!(self.site.secrets.found_in(stream), [""; 0], "secrets in what {arguments:?} says");
        }
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What a command prints as JSON.
    fn told(&self, arguments: &[&str], stdin: &str) -> Value {
        let done = self.run(arguments, stdin);
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.stderr);
        serde_json::from_str(&done.stdout).expect("JSON")
    }

    fn shown(&self, user: &str) -> Value {
        self.told(&["show", "--json", "--user", user], "")
    }

    fn exported(&self) -> Vec<Value> {
        let done = self.run(&["export"], "");
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// The second that is printed as this time; it is none that is far away.
fn second(time: &Value) -> i64 {
    let told = |second: &i64| UnixSeconds::new(u64::try_from(*second).ok()?).map(|second| second.to_string());
    let near = now() - 60..now() + 3600;
    near.into_iter().find(|second| told(second).as_deref() == time.as_str()).expect("a time not far from now")
}

/// Somebody who registers, seen at both gates.
async fn registering(site: &Site, pass: &str) -> [Browser; 2] {
    let mut here = site.browser(0);
    assert_eq!(sign_in_at_last(&mut here, pass).await.status, 303);
    let mut there = site.browser(1);
    there.jar = here.jar.clone();
    for browser in [&mut here, &mut there] {
        assert_eq!(browser.navigate("/register").await.status, 200);
    }
    [here, there]
}

/// Whether a gate lets a session in, whose cookie is kept whatever the gate does about it.
async fn is_let_in(browser: &mut Browser) -> bool {
    let jar = browser.jar.clone();
    let status = browser.navigate("/register").await.status;
    browser.jar = jar;
    status == 200
}

/// Uses a session until the second by which every gate obeys, and sees it dead at both.
async fn dies_by(second: i64, browsers: &mut [Browser; 2]) {
    while now() <= second {
        for browser in browsers.iter_mut() {
            is_let_in(browser).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for browser in browsers {
        assert!(!is_let_in(browser).await, "after {second} no gate may let it in");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_revokes_is_dead_at_both_gates_by_the_time_that_is_printed() {
    let etcd = Etcd::start(MEMBERS).await;
    let site = Site::on(&etcd).await;
    let operator = Operator::of(&site, &etcd);
    let hers = Pass::new(&site.keys, "alice").mint(&site.secrets);
    let his = Pass::new(&site.keys, "bob").once().mint(&site.secrets);
    let mut alice = registering(&site, &hers).await;
    let mut bob = registering(&site, &his).await;

    let shown = operator.shown("ALICE");
    assert_eq!((&shown["user"], &shown["record"]["state"]), (&"alice".into(), &"standing".into()), "{shown}");
    assert_eq!(shown["record"]["sessions"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(shown["record"]["sessions"][0]["state"], "registering", "{shown}");
    let shown = operator.shown("bob");
    assert_eq!(shown["record"]["state"], "reserved", "{shown}");
    assert_eq!(shown["record"]["pass"]["reservation"]["consumed"], false, "{shown}");
    assert_eq!(operator.shown("carol")["record"], Value::Null);
    let summary = operator.told(&["show", "--json"], "");
    // Whoever found the ledger born, and these two.
    assert_eq!(summary["records"], 3, "{summary}");
    assert_eq!(summary["members"].as_array().map(Vec::len), Some(MEMBERS), "{summary}");
    let exported = operator.exported();
    assert_eq!((exported.len(), &exported[0]["records"]), (4, &3.into()), "{exported:?}");
    assert!(exported.iter().skip(1).all(|line| line["record"].is_string()), "{exported:?}");

    let revoked = operator.told(&["revoke", "--json", "--user", "Alice"], "");
    assert_eq!(revoked["ended"]["sessions"].as_array().map(Vec::len), Some(1), "{revoked}");
    let mut again = site.browser(1);
    assert_eq!(sign_in_at_last(&mut again, &hers).await.status, 401, "her pass is refused at once");
    dies_by(second(&revoked["obeyedBy"]), &mut alice).await;
    assert_eq!(operator.shown("alice")["record"]["state"], "revoked");
    // What is issued since is good, as soon as its time has come.
    let later = second(&revoked["floor"]) + 1;
    let since = Pass::new(&site.keys, "alice").claim("iat", later).mint(&site.secrets);
    clock::reach(later - 30).await;
    registering(&site, &since).await;

    // A pass that nobody signed revokes nothing.
    let forged = Pass::new(&site.keys, "bob").signed_with(&site.keys.upstream).mint(&site.secrets);
    assert_eq!(operator.run(&["revoke", "--pass", "-"], &forged).code, Some(1));
    assert_eq!(operator.shown("bob")["record"]["state"], "reserved");
    let revoked = operator.told(&["revoke", "--json", "--pass", "-"], &his);
    assert_eq!((&revoked["revoked"], &revoked["user"]), (&true.into(), &"bob".into()), "{revoked}");
    dies_by(second(&revoked["obeyedBy"]), &mut bob).await;
    assert_eq!(sign_in_at_last(&mut site.browser(0), &his).await.status, 401);
    let again = operator.told(&["revoke", "--json", "--pass", "-"], &his);
    assert_eq!((&again["revoked"], &again["refusedBefore"]), (&false.into(), &"revoked".into()), "{again}");
    // Waiting takes until the time that it prints.
    let waited = operator.told(&["revoke", "--json", "--wait", "--user", "bob"], "");
    assert!(now() >= second(&waited["obeyedBy"]), "{waited}");
    site.stop();
}

/// A watch that runs, and what it has said so far.
struct Watching {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Watching {
    fn begin(operator: &Operator<'_>, arguments: &[&str]) -> Self {
        let mut child = operator.command(arguments).spawn().expect("the command line can be run");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("its output")), Box::new(child.stderr.take().expect("its errors"))];
        for stream in streams {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            });
        }
        Self { child, lines }
    }

    fn said(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, signal).expect("a process that lives");
    }

    /// Waits for a line with all of these words.
    async fn says(&self, words: &[&str]) -> String {
        let asked = Instant::now();
        loop {
            let said = self.said();
            if let Some(line) = said.iter().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.clone();
            }
            assert!(asked.elapsed() < HANG, "nobody says {words:?}: {said:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_tells_of_every_change_and_goes_on_when_its_member_is_killed() {
    let mut etcd = Etcd::start(MEMBERS).await;
    let site = Site::on(&etcd).await;
    let operator = Operator::of(&site, &etcd);
    let all = Watching::begin(&operator, &["watch", "--json"]);
    let mut hers = Watching::begin(&operator, &["watch", "--user", "Alice"]);
    let attached = format!("http://{}", etcd.address(0));
    for watch in [&all, &hers] {
        watch.says(&["watching from revision", &attached]).await;
    }
    let pass = Pass::new(&site.keys, "alice").mint(&site.secrets);
    sign_in_at_last(&mut site.browser(0), &pass).await;
    hers.says(&["  alice  signed in with the pass "]).await;
    all.says(&["signedIn"]).await;

    etcd.kill(0);
    hers.says(&["warning: ", &attached, "going on from revision"]).await;
    let bobs = Pass::new(&site.keys, "bob").once().mint(&site.secrets);
    let mut bob = site.browser(1);
    assert_eq!(sign_in_at_last(&mut bob, &bobs).await.status, 303);
    let done = operator.run(&["revoke", "--user", "alice"], "");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    hers.says(&["  alice  revoked what was issued up to "]).await;
    all.says(&["\"what\":\"revoked\""]).await;
    let told = |watch: &Watching, word: &str| watch.said().iter().filter(|line| line.contains(word)).count();
    assert_eq!(told(&all, "signedIn"), 2, "{:?}", all.said());
    assert_eq!(told(&hers, "signed in"), 1, "bob's is not hers: {:?}", hers.said());

    // While it sleeps its member dies and etcd compacts away what it has not seen: it says so, and goes on.
    all.tell(Signal::STOP);
    etcd.restart(0);
    etcd.answers(0).await;
    etcd.kill(1);
    for user in ["carol", "dave"] {
        let pass = Pass::new(&site.keys, user).mint(&site.secrets);
        assert_eq!(sign_in_at_last(&mut site.browser(0), &pass).await.status, 303);
    }
    let revision = operator.told(&["show", "--json"], "")["revision"].as_u64().expect("a revision");
    let mut client = Browser::new(etcd.address(2), Protocol::Http1, "etcd", &site.secrets);
    let compaction = Call::post("/v3/kv/compaction").json(&json!({"revision": revision.to_string(), "physical": true}));
    assert_eq!(client.send(compaction).await.status, 200);
    all.tell(Signal::CONT);
    all.says(&["warning: skipped revisions ", &format!(" to {}: ", revision - 1)]).await;
    all.says(&["signedIn", &format!("\"revision\":{revision}")]).await;
    for watch in [&all, &hers] {
        assert_eq!(site.secrets.found_in(watch.said().join("\n").as_bytes()), [""; 0], "secrets in a watch");
    }
    hers.tell(Signal::INT);
    assert_eq!(hers.child.wait().expect("it ends").code(), Some(0), "told to stop");
    site.stop();
}
