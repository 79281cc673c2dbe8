//! What a test holds: a gate with an application behind it, keys, and the secrets that its log must not contain.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::client::{Browser, Call, Protocol, Response};
use crate::clock;
use crate::envoy::{Envoy, Setup};
use crate::keys::Keys;
use crate::log::{Log, Refused};
use crate::pass::Pass;
use crate::secrets::Secrets;
use crate::upstream::{Handler, Upstream, standard};

/// The name under which browsers of the tests know the gate. One of the shipped policy's hosts.
pub const AUTHORITY: &str = "gate.example.com";

/// The cookie that a session lives in.
pub const SESSION: &str = "__Host-tapgate";

/// The cookie that tells the holder of a one-time pass from others.
pub const HOLDER: &str = "__Host-tapgate-holder";

/// How long before they start passes of a test are issued: room for as many as any test mints.
const ISSUED_BEFORE: i64 = 500_000;

/// A running gate. When it goes, its log is searched for secrets and accidents, and the test fails if there is one.
pub struct Gate {
    /// The proxy.
    pub envoy: Envoy,
    /// The application behind it.
    pub upstream: Upstream,
    /// The keys of both.
    pub keys: Keys,
    /// What no log may hold.
    pub secrets: Secrets,
    minted: AtomicI64,
    checked: bool,
}

impl Gate {
    /// The shipped bootstrap before the standard application.
    pub async fn start() -> Self {
        Self::with(|setup| setup).await
    }

    /// An altered set-up before the standard application.
    pub async fn with(alter: impl FnOnce(Setup) -> Setup) -> Self {
        Self::serving(standard, alter).await
    }

    /// An altered set-up before an application of the test's own, which is handed the keys and the secrets.
    ///
    /// # Panics
    /// If Envoy does not start.
    pub async fn serving(
        application: impl FnOnce(&Keys, &Secrets) -> Handler,
        alter: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        Self::try_serving(application, alter).await.unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// Starts a gate that must refuse to start, and gives its log.
    ///
    /// # Panics
    /// If it does start.
    pub async fn refused(alter: impl FnOnce(Setup) -> Setup) -> Log {
        match Self::try_serving(standard, alter).await {
            Ok(_) => panic!("envoy started with what it should refuse"),
            Err(refused) => refused.log,
        }
    }

    async fn try_serving(
        application: impl FnOnce(&Keys, &Secrets) -> Handler,
        alter: impl FnOnce(Setup) -> Setup,
    ) -> Result<Self, Refused> {
        let keys = Keys::random();
        let secrets = Secrets::default();
        for key in keys.each() {
            for spelling in key.spellings() {
                secrets.note(spelling);
            }
        }
        let upstream = Upstream::start(application(&keys, &secrets), &secrets).await;
        let envoy = Envoy::start(&alter(Setup::new(upstream.address(), &keys))).await;
        if let Err(refused) = &envoy {
            assert_eq!(
                secrets.found_in(refused.log.text().as_bytes()),
                [""; 0],
                "secrets in the log of a refused start"
            );
        }
        Ok(Self { envoy: envoy?, upstream, keys, secrets, minted: AtomicI64::new(0), checked: false })
    }

    /// A new browser on HTTP/1.1.
    #[must_use]
    pub fn browser(&self) -> Browser {
        self.browser_on(Protocol::Http1)
    }

    /// A new browser.
    #[must_use]
    pub fn browser_on(&self, protocol: Protocol) -> Browser {
        Browser::new(self.envoy.address(), protocol, AUTHORITY, &self.secrets)
    }

    /// A multi-use pass for `user`, to be altered before it is minted. Each is issued later than the one before, though not
    /// by the clock: of two passes issued in one second, only the first to be presented would stand (B7.2).
    #[must_use]
    pub fn pass(&self, user: &str) -> Pass {
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        Pass::new(&self.keys, user).claim("iat", clock::now() - ISSUED_BEFORE + number)
    }

    /// A one-time pass for `user`. A ledger in memory takes only those that start after its birth, so this waits for the
    /// next second where it must.
    pub async fn one_time(&self, user: &str) -> Pass {
        clock::reach(self.envoy.born() + 1).await;
        self.pass(user).once()
    }

    /// A new browser that has signed in with a new multi-use pass for `user`.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn registering(&self, user: &str, protocol: Protocol) -> Browser {
        let mut browser = self.browser_on(protocol);
        let answer = sign_in(&mut browser, &self.pass(user).mint(&self.secrets)).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        browser
    }

    /// Stops the gate, holds its log against the secrets, and gives it for further questions.
    ///
    /// # Panics
    /// If the log holds a secret, or tells of a trap.
    pub fn stop(mut self) -> Log {
        self.check()
    }

    fn check(&mut self) -> Log {
        self.checked = true;
        let log = self.envoy.stop();
        assert_eq!(self.secrets.found_in(log.text().as_bytes()), [""; 0], "secrets in Envoy's log");
        assert_eq!(log.accidents(), [""; 0], "accidents in Envoy's log");
        log
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The test has failed already: show what the proxy had to say about it.
            show(&self.envoy.stop().latest());
        } else if !self.checked {
            drop(self.check());
        }
    }
}

/// Signs in as a person does on the plugin's page: a form with a pass, by a navigation of the site's own.
pub async fn sign_in(browser: &mut Browser, pass: &str) -> Response {
    browser.submit("/.tap/sign-in", &[("username", ""), ("pass", pass)]).await
}

/// Signs in as a program does: JSON there and back.
pub async fn sign_in_json(browser: &mut Browser, pass: &str) -> Response {
    let call = Call::fetch("POST", "/.tap/sign-in").json(&serde_json::json!({"username": "", "pass": pass}));
    browser.send(call).await
}

#[expect(clippy::print_stderr, reason = "a failed test's output is read by a person")]
fn show(log: &str) {
    eprintln!("envoy's log ends with:\n{log}");
}
