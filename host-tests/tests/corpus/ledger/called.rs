//! The module under the wasmtime host, its ledger in the etcd of `core`'s tests, which answers every call at once.

#[expect(dead_code, clippy::panic, clippy::unwrap_used, reason = "core's own test double")]
#[path = "../../../../core/tests/all/ledgers/fake.rs"]
mod fake;

use tapgate_cases::site::{Application, Exchange, Host, Sent, Setup, Site, Trouble, with_pseudo};
use tapgate_core::ledger::etcd::{AUTHORIZATION, Call};
use tapgate_host::{CallAnswer, Headers, HostError};

use self::fake::FakeEtcd;
use super::real::{birth, in_etcd};
use crate::embedded::{WasmtimeSite, text};

/// Where the ledger lies.
const PREFIX: &str = "/tapgate/";

/// Runs cases in the module, under our own host, with the ledger a call away.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WasmtimeOverEtcd;

impl Host for WasmtimeOverEtcd {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        let setup = Setup { policy: in_etcd(&setup.policy, PREFIX)?, ..setup.clone() };
        let mut etcd = FakeEtcd::new();
        etcd.post(&birth(PREFIX, &setup)?, None);
        Ok(Box::new(EtcdSite { inner: WasmtimeSite::start(None, &setup)?, etcd }))
    }
}

struct EtcdSite {
    inner: WasmtimeSite,
    etcd: FakeEtcd,
}

impl EtcdSite {
    /// Answers every call that is out, and those that follow from it.
    fn answer_calls(&mut self) -> Result<(), HostError> {
        while let Some(call) = self.inner.host.calls().first().cloned() {
            let path = ["/v3/kv/txn", "/v3/lease/grant"]
                .into_iter()
                .find(|path| call.headers.get(":path").as_deref() == Some(path));
            let path = path.expect("a path of etcd's");
            let token = call.headers.get(AUTHORIZATION);
            let (status, body) = self.etcd.post(&Call { path, body: call.body.clone().into() }, token.as_deref());
            self.inner.host.answer(call.id, CallAnswer::response(status, body))?;
        }
        Ok(())
    }

    fn talk(
        &mut self,
        request: &Sent,
        application: Application<'_>,
    ) -> Result<(tapgate_host::Exchange, Option<tapgate_cases::site::Headers>), HostError> {
        let mut stream = self.inner.next_stream()?;
        stream.request_headers(with_pseudo(request).into_iter().collect(), request.body.is_none())?;
        if let Some(body) = &request.body {
            stream.request_body(body, true)?;
        }
        let stream = stream.id();
        self.answer_calls()?;
        let upstream = self.inner.host.at(stream)?.seen()?.upstream;
        let mut forwarded = None;
        if upstream.complete && !upstream.aborted {
            let seen = text(&upstream);
            let answered = application(&seen);
            let status = Headers::new().with(":status", answered.status.to_string());
            let answer: Headers = answered.headers.into_iter().collect();
            self.inner.host.at(stream)?.response_headers(status.iter().chain(answer.iter()).collect(), true)?;
            self.answer_calls()?;
            forwarded = Some(seen);
        }
        Ok((self.inner.host.at(stream)?.close()?, forwarded))
    }
}

impl Site for EtcdSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.inner.load(&in_etcd(policy, PREFIX)?)
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.inner.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.inner.restart()
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let (seen, forwarded) =
            self.talk(request, application).map_err(|error| Trouble::new("carrying a request", error))?;
        self.inner.told(&seen, forwarded)
    }
}
