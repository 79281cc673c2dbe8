//! One Envoy process: started until it is ready or has refused, stopped and reaped whatever happens to the test.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::setup::Setup;
use super::{admin, memory};
use crate::child::{bound, end};
use crate::clock::{self, HANG};
use crate::log::{Log, Refused};
use crate::workspace;

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What it is called.
const NAME: &str = "envoy";

/// A running Envoy. Dropping it stops it.
#[derive(Debug)]
pub struct Envoy {
    child: Child,
    folder: TempDir,
    gate: SocketAddr,
    admin: SocketAddr,
    born: i64,
    workers: u32,
}

impl Envoy {
    /// Starts Envoy and waits until it takes requests.
    ///
    /// # Errors
    /// If it exits before that, as it does when the plugin refuses its policy.
    ///
    /// # Panics
    /// If the machine fails (no Envoy, no temporary folder), or nothing happens for a long time.
    pub async fn start(setup: &Setup) -> Result<Self, Refused> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bootstrap = folder.path().join("envoy.json");
        let address = folder.path().join("admin");
        let mut text = setup.bootstrap.clone();
        if setup.reloads {
            let place = listeners(folder.path());
            std::fs::write(&place, text.move_listeners(&place)).expect("the listeners can be written");
        }
        std::fs::write(&bootstrap, text.text()).expect("the bootstrap can be written");
        let log = File::create(log_file(folder.path())).expect("a log file");
        let mut child = bound(&workspace::envoy())
            .arg("--config-path")
            .arg(&bootstrap)
            .arg("--admin-address-path")
            .arg(&address)
            .args(["--disable-hot-restart", "--concurrency", &setup.workers.to_string()])
            .args(setup.log)
            .args(["--file-flush-interval-msec", "100"])
            .current_dir(workspace::root())
            .env_clear()
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("envoy can be run");
        let started = Instant::now();
        let admin = loop {
            if child.try_wait().expect("a child to wait for").is_some() {
                return Err(Refused { proxy: NAME, log: Log::read(&log_file(folder.path())) });
            }
            if let Some(admin) = ready(&address).await {
                break admin;
            }
            if started.elapsed() > HANG {
                end(&mut child);
                panic!("envoy hangs; its log:\n{}", Log::read(&log_file(folder.path())).latest());
            }
            tokio::time::sleep(LOOK).await;
        };
        let gate = admin::listener(admin).await;
        Ok(Self { child, folder, gate, admin, born: clock::now(), workers: setup.workers })
    }

    /// Where the gate listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.gate
    }

    /// A second at which the ledger was already born.
    #[must_use]
    pub const fn born(&self) -> i64 {
        self.born
    }

    /// The number of worker threads.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        self.workers
    }

    /// The process, which is also its main thread.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Changes the listener, and with it the plugin's configuration, of an Envoy that was started with
    /// [`Setup::reloads`], as a control plane does: what runs goes on, shared data stays. Waits until every worker has taken
    /// it; new connections meet the new one. The setup must differ from the one that is loaded.
    ///
    /// # Errors
    /// If Envoy refuses it, as it does when the plugin refuses its policy: the former one stays.
    ///
    /// # Panics
    /// If neither happens for a long time.
    pub async fn reload(&self, setup: &Setup) -> Result<(), Refused> {
        const TAKEN: &str = "listener_manager.listener_create_success";
        const REFUSED: &str = "listener_manager.lds.update_rejected";
        let (taken, refused) = (self.stat(TAKEN).await, self.stat(REFUSED).await);
        let place = listeners(self.folder.path());
        let fresh = place.with_extension("new");
        std::fs::write(&fresh, setup.bootstrap.clone().move_listeners(&place)).expect("the listeners can be written");
        // Envoy watches for a file that takes the other's place at once.
        std::fs::rename(&fresh, &place).expect("the listeners can be replaced");
        let started = Instant::now();
        while self.stat(TAKEN).await < taken + u64::from(self.workers) {
            if self.stat(REFUSED).await > refused {
                return Err(Refused { proxy: NAME, log: self.log() });
            }
            assert!(started.elapsed() < HANG, "envoy hangs; its log:\n{}", self.log().latest());
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::read(&log_file(self.folder.path()))
    }

    /// The value of a counter or gauge; 0 if Envoy has none of that name.
    pub async fn stat(&self, name: &str) -> u64 {
        admin::stats(self.admin, name).await.remove(name).unwrap_or(0)
    }

    /// All counters and gauges whose name matches the regular expression.
    pub async fn stats(&self, filter: &str) -> std::collections::BTreeMap<String, u64> {
        admin::stats(self.admin, filter).await
    }

    /// What the admin interface answers to a GET.
    pub async fn admin_status(&self, path: &str) -> u16 {
        admin::get(self.admin, path).await.status
    }

    /// The bytes of linear memory of each wasm virtual machine: one a worker, and those of the main thread.
    #[must_use]
    pub fn linear_memories(&self) -> Vec<u64> {
        memory::linear_memories(self.child.id())
    }

    /// Kills Envoy: it gets no chance to do anything any more. Gives what it had written.
    #[must_use]
    pub fn kill(mut self) -> Log {
        end(&mut self.child);
        self.log()
    }

    /// Stops Envoy gracefully, waits for its end and gives its whole log.
    #[must_use]
    pub fn stop(&mut self) -> Log {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            quit(self.admin);
            let asked = Instant::now();
            while self.child.try_wait().is_ok_and(|status| status.is_none()) && asked.elapsed() < HANG {
                std::thread::sleep(LOOK);
            }
            end(&mut self.child);
        }
        self.log()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Where the listeners of an Envoy lie that can be told to reload.
fn listeners(folder: &Path) -> PathBuf {
    folder.join("listeners.json")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("envoy.log")
}

/// The admin interface's address, once Envoy says that it is ready.
async fn ready(address: &Path) -> Option<SocketAddr> {
    let admin = std::fs::read_to_string(address).ok()?.trim().parse().ok()?;
    admin::is_ready(admin).await.then_some(admin)
}

/// Asks for a graceful end. Whether it was heard shows in the process, not in the answer.
fn quit(admin: SocketAddr) {
    if let Ok(mut stream) = TcpStream::connect(admin) {
        let asked = stream
            .write_all(b"POST /quitquitquit HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        if asked.is_ok() && stream.set_read_timeout(Some(HANG)).is_ok() {
            let mut answer = Vec::new();
            drop(stream.read_to_end(&mut answer));
        }
    }
}
