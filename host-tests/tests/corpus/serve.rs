//! The plugin under `tapgate serve` as a site of cases: the process that people run, with two workers and shared data in its
//! memory, which a restart loses as a case expects.

use std::net::SocketAddr;

use tapgate_cases::site::{self, Host, Site, Trouble};
use tapgate_host_tests::log::Log;
use tapgate_host_tests::serve::{Serve, Setup};

use crate::proxied::{Added, OwnAnswer, Proxy, ProxySite, Wanted, runtime, trouble};

/// Runs cases in the module, under `tapgate serve`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TapgateServe;

impl Host for TapgateServe {
    fn name(&self) -> &'static str {
        "serve"
    }

    fn start(&self, setup: &site::Setup) -> Result<Box<dyn Site>, Trouble> {
        ProxySite::<Serve>::start(setup).map(|site| Box::new(site) as Box<dyn Site>)
    }
}

impl Proxy for Serve {
    const ADDED: Added = Added {
        to_requests: &[
            ("x-forwarded-for", "who the client is to the gateway"),
            ("x-forwarded-proto", "whether the client came over TLS"),
            ("x-forwarded-host", "whom the client asked"),
            ("x-request-id", "the gateway's number for the request, which audit lines have"),
            ("connection", "that `te` is meant for the application's connection alone"),
            ("te", "that the gateway takes trailers"),
            ("content-length", "on HTTP/1.1, that a request has no body, where its method would have one"),
        ],
        to_answers: &[
            ("date", "when the application or the gateway answered"),
            ("content-length", "how long the body is; the other hosts leave it to their proxy"),
            ("transfer-encoding", "HTTP/1.1's way to a body without a length"),
            ("connection", "whether the gateway keeps the connection"),
        ],
    };

    const OWN_ANSWER: OwnAnswer = OwnAnswer::Unavailable;

    fn begin(wanted: &Wanted<'_>) -> Result<Self, Trouble> {
        let environment = wanted.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let clock = wanted.clock.environment();
        let clock = clock.iter().map(|(name, value)| (*name, value.as_str()));
        let setup = Setup::bare(wanted.application, &wanted.loaded.policy);
        let setup = environment.chain(clock).fold(setup, |setup, (name, value)| setup.variable(name, value));
        runtime().block_on(Self::start(&setup)).map_err(trouble("starting the gateway"))
    }

    fn load(&mut self, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        runtime().block_on(self.reload(&wanted.loaded.policy)).map_err(trouble("loading a policy"))
    }

    fn end(&mut self) {
        drop(self.stop());
    }

    fn place(&self) -> SocketAddr {
        self.address()
    }

    fn written(&self) -> Log {
        self.log()
    }
}
