//! One `tapgate serve` process: started until it listens or has refused, told what signals tell, killed, stopped and reaped
//! whatever happens to the test.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::child::{bound, end};
use crate::clock::{self, HANG};
use crate::keys::Keys;
use crate::log::{Log, Refused};
use crate::workspace;

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What it is called.
const NAME: &str = "tapgate serve";

/// What it says when it listens, before the address.
const LISTENS: &str = "listening on http://";

/// What it says of a policy that it has taken, and of one that it has not.
const TAKEN: &str = ": loaded; tenants: ";
const NOT_TAKEN: &str = ": not loaded, the former policy stays";

/// What a test asks of it. Defaults: the shipped policy, two workers, shared data in memory.
#[derive(Clone, Debug)]
pub struct Setup {
    application: SocketAddr,
    policy: String,
    environment: Vec<(String, String)>,
    workers: u32,
    port: u16,
    data: Option<PathBuf>,
    more: Vec<String>,
}

impl Setup {
    /// The shipped policy before the application at `application`, with these keys.
    ///
    /// # Panics
    /// If the shipped policy cannot be read.
    #[must_use]
    pub fn new(application: SocketAddr, keys: &Keys) -> Self {
        let policy =
            fs::read_to_string(workspace::root().join("examples/envoy/policy.yaml")).expect("a shipped policy");
        let setup = Self::bare(application, &policy);
        keys.environment().iter().fold(setup, |setup, (name, value)| setup.variable(name, value))
    }

    /// Another policy, in YAML or JSON, with nothing in the environment.
    #[must_use]
    pub fn bare(application: SocketAddr, policy: &str) -> Self {
        let (policy, environment) = (policy.to_owned(), Vec::new());
        Self { application, policy, environment, workers: 2, port: 0, data: None, more: Vec::new() }
    }

    /// Another policy, in YAML or JSON.
    #[must_use]
    pub fn policy(mut self, policy: &str) -> Self {
        policy.clone_into(&mut self.policy);
        self
    }

    /// Another number of workers.
    #[must_use]
    pub const fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Another port for the gate than a free one.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Keeps shared data in a folder.
    #[must_use]
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// More options of the command.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.more.extend([name.to_owned(), value.to_owned()]);
        self
    }
}

/// A running `tapgate serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Serve {
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    born: i64,
    workers: u32,
}

impl Serve {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// If it exits before that.
    ///
    /// # Panics
    /// If the machine fails (no program, no temporary folder), or nothing happens for a long time.
    pub async fn start(setup: &Setup) -> Result<Self, Refused> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let policy = policy_file(folder.path());
        fs::write(&policy, &setup.policy).expect("the policy can be written");
        let log = File::create(log_file(folder.path())).expect("a log file");
        let mut command = bound(&workspace::command_line());
        command
            .arg("serve")
            .arg("--policy")
            .arg(&policy)
            .arg("--module")
            .arg(workspace::module())
            .args(["--upstream", &format!("http://{}", setup.application)])
            .args(["--listen", &format!("127.0.0.1:{}", setup.port)])
            .args(["--workers", &setup.workers.to_string()])
            .args(&setup.more)
            .env_clear()
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        if let Some(data) = &setup.data {
            command.arg("--data-dir").arg(data);
        }
        let mut child = command.spawn().expect("the command line can be run");
        let started = Instant::now();
        let address = loop {
            let ended = child.try_wait().expect("a child to wait for").is_some();
            let log = Log::read(&log_file(folder.path()));
            if let Some(address) = listening(&log) {
                break address;
            }
            if ended {
                return Err(Refused { proxy: NAME, log });
            }
            if started.elapsed() > HANG {
                end(&mut child);
                panic!("{NAME} hangs; its log:\n{}", log.latest());
            }
            tokio::time::sleep(LOOK).await;
        };
        Ok(Self { child, folder, address, born: clock::now(), workers: setup.workers })
    }

    /// Where the gate listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A second at which the ledger was already born.
    #[must_use]
    pub const fn born(&self) -> i64 {
        self.born
    }

    /// The number of workers.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        self.workers
    }

    /// Writes another policy into the file, has it loaded, and waits until it is taken.
    ///
    /// # Errors
    /// If it is not: the former one stays.
    ///
    /// # Panics
    /// If neither happens for a long time.
    pub async fn reload(&self, policy: &str) -> Result<(), Refused> {
        let (taken, refused) = (self.said(TAKEN), self.said(NOT_TAKEN));
        fs::write(policy_file(self.folder.path()), policy).expect("the policy can be written");
        self.tell(Signal::HUP);
        let asked = Instant::now();
        while self.said(TAKEN) == taken {
            if self.said(NOT_TAKEN) > refused {
                return Err(Refused { proxy: NAME, log: self.log() });
            }
            assert!(asked.elapsed() < HANG, "{NAME} hangs; its log:\n{}", self.log().latest());
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn tell(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a process that lives");
    }

    /// Kills it: it gets no chance to do anything any more.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn kill(&self) {
        self.tell(Signal::KILL);
    }

    /// Stops it gracefully, waits for its end and gives its whole log.
    #[must_use]
    pub fn stop(&mut self) -> Log {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(self.pid(), Signal::TERM);
            let asked = Instant::now();
            while self.child.try_wait().is_ok_and(|status| status.is_none()) && asked.elapsed() < HANG {
                std::thread::sleep(LOOK);
            }
            end(&mut self.child);
        }
        self.log()
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::read(&log_file(self.folder.path()))
    }

    fn said(&self, words: &str) -> usize {
        self.log().text().matches(words).count()
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has a number")
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Where it says that it listens; the line is whole only with its end.
fn listening(log: &Log) -> Option<SocketAddr> {
    let (_, rest) = log.text().split_once(LISTENS)?;
    let (line, _) = rest.split_once('\n')?;
    line.split(',').next()?.parse().ok()
}

fn policy_file(folder: &Path) -> PathBuf {
    folder.join("policy.yaml")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("serve.log")
}
