//! What these tests share: keys, an application, a folder for shared data, and one gateway after another on it.

use tapgate_host_tests::client::{Browser, Call, Failure, Protocol, Response};
use tapgate_host_tests::clock;
use tapgate_host_tests::gate::AUTHORITY;
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::serve::{Serve, Setup};
use tapgate_host_tests::upstream::{Upstream, standard};
use tempfile::TempDir;

/// A header that only the plugin sets: whoever sends it has it taken away.
pub(crate) const FORGED: &str = "tapgate-user";

/// What stays when a gateway goes.
pub(crate) struct Site {
    pub(crate) keys: Keys,
    pub(crate) secrets: Secrets,
    upstream: Upstream,
    data: TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let (keys, secrets) = (Keys::random(), Secrets::default());
        for spelling in keys.each().flat_map(tapgate_host_tests::keys::Key::spellings) {
            secrets.note(spelling);
        }
        let upstream = Upstream::start(standard(&keys, &secrets), &secrets).await;
        Self { keys, secrets, upstream, data: tempfile::tempdir().expect("a folder") }
    }

    /// What a gateway on this site is started with.
    pub(crate) fn setup(&self) -> Setup {
        Setup::new(self.upstream.address(), &self.keys).data(self.data.path())
    }

    /// Where the application listens.
    pub(crate) fn application(&self) -> std::net::SocketAddr {
        self.upstream.address()
    }

    /// Starts a gateway; shared data is as the one before has left it.
    pub(crate) async fn start(&self) -> Serve {
        Serve::start(&self.setup()).await.unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// Stops it, and holds its log against the secrets.
    pub(crate) fn stop(&self, mut serve: Serve) {
        self.hold(serve.stop().text());
    }

    /// Nothing that was written holds a secret, or tells of a trap.
    pub(crate) fn hold(&self, log: &str) {
        assert_eq!(self.secrets.found_in(log.as_bytes()), [""; 0], "secrets in the log");
        for sign in ["panicked at", "` trapped: "] {
            assert!(!log.contains(sign), "an accident in the log:\n{log}");
        }
    }

    /// A one-time pass of `user`, good from now on.
    pub(crate) fn one_time(&self, user: &str) -> String {
        Pass::new(&self.keys, user).once().mint(&self.secrets)
    }

    /// Nothing that was forged has reached the application.
    pub(crate) fn hold_what_the_application_saw(&self) {
        let forged = self.upstream.requests().into_iter().find(|request| request.names(FORGED));
        assert!(forged.is_none(), "a request slipped by the plugin: {forged:?}");
    }

    /// Somebody new.
    pub(crate) fn browser(&self, serve: &Serve, protocol: Protocol) -> Browser {
        Browser::new(serve.address(), protocol, AUTHORITY, &self.secrets)
    }
}

/// Waits until a pass that begins now began after the ledger.
pub(crate) async fn after_birth(serve: &Serve) {
    clock::reach(serve.born() + 1).await;
}

/// Signs in, if an answer comes at all.
pub(crate) async fn try_sign_in(browser: &mut Browser, pass: &str) -> Result<Response, Failure> {
    browser.try_send(Call::submit("/.tap/sign-in", &[("username", ""), ("pass", pass)])).await
}
