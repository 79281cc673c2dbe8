//! The plugin under real Envoy as a site of cases: the shipped bootstrap and two workers.
//!
//! A case says what reaches the gate, so Envoy is set up not to mend paths and names before it (`Setup::softened`), routes
//! CONNECT, and has the routes of the case's own sign-in paths. Everything else is as people copy it.

use std::net::SocketAddr;

use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::site::{self, Host, Site, Trouble};
use tapgate_core::policy::Policy;
use tapgate_host_tests::envoy::{Envoy, Setup};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::log::Log;

use crate::proxied::{Added, OwnAnswer, Proxy, ProxySite, Wanted, runtime, trouble};

/// Runs cases in the module, under real Envoy.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealEnvoy;

impl Host for RealEnvoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn start(&self, setup: &site::Setup) -> Result<Box<dyn Site>, Trouble> {
        ProxySite::<Envoy>::start(setup).map(|site| Box::new(site) as Box<dyn Site>)
    }
}

impl Proxy for Envoy {
    const ADDED: Added = Added {
        to_requests: &[
            ("x-forwarded-for", "who the client is to the proxy: `use_remote_address`"),
            ("x-forwarded-proto", "whether the client came over TLS"),
            ("x-request-id", "the proxy's number for the request, which audit lines have"),
            ("x-envoy-internal", "whether the client's address is a private one"),
            ("x-envoy-expected-rq-timeout-ms", "how long the route lets the application think"),
            ("x-envoy-external-address", "the client's address where it is a public one"),
            ("content-length", "on HTTP/1.1, that a request has no body, where its method would have one"),
        ],
        to_answers: &[
            ("server", "the proxy's name, in place of the application's"),
            ("date", "when the application or the proxy answered"),
            ("content-length", "how long the body is; the other hosts leave it to their proxy"),
            ("transfer-encoding", "HTTP/1.1's way to a body without a length"),
            ("connection", "whether the proxy keeps the connection"),
            ("x-envoy-upstream-service-time", "how long the application thought"),
        ],
    };

    const OWN_ANSWER: OwnAnswer = OwnAnswer::Configured;

    fn begin(wanted: &Wanted<'_>) -> Result<Self, Trouble> {
        runtime().block_on(Self::start(&setup(wanted)?)).map_err(trouble("starting Envoy"))
    }

    fn load(&mut self, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        runtime().block_on(self.reload(&setup(wanted)?)).map_err(trouble("loading a configuration"))
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

/// The shipped bootstrap with what a case needs.
fn setup(wanted: &Wanted<'_>) -> Result<Setup, Trouble> {
    let Paths { applications, plugins, apis } = paths(wanted)?;
    let variables = wanted.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // The example's own keys are not the case's: nothing of the harness reaches the plugin but what the case gives.
    let setup = Setup::new(wanted.application, &Keys::random())
        .policy_text(&wanted.loaded.policy)
        .variables(variables)
        .sign_in_at(&applications, &plugins, &apis)
        .softened()
        .connect()
        .reloads();
    let setup = if wanted.loaded.answers_itself { setup.answers_itself() } else { setup };
    let setup = wanted.loaded.etcd.iter().fold(setup, |setup, etcd| setup.cluster("etcd", &[etcd.port()]));
    Ok(wanted.clock.environment().iter().fold(setup, |setup, (name, value)| setup.variable(name, value)))
}

/// Where requests are decided by their bodies, which the routes name (see `examples/envoy/README.md`).
struct Paths {
    /// The applications' sign-ins.
    applications: Vec<String>,
    /// The plugin's.
    plugins: Vec<String>,
    /// Below which paths admin APIs lie.
    apis: Vec<String>,
}

fn paths(wanted: &Wanted<'_>) -> Result<Paths, Trouble> {
    let environment = |name: &str| wanted.environment.get(name).cloned();
    let document = PolicyDocument::read(&wanted.loaded.policy);
    match document.and_then(|document| document.compile(&environment)) {
        Ok(compiled) => {
            let policies = &compiled.policies;
            let (applications, plugins) = policies.iter().map(|policy| policy.sign_in_paths().into()).unzip();
            Ok(Paths { applications, plugins, apis: policies.iter().filter_map(Policy::admin_api).collect() })
        }
        Err(flaws) => {
            let told: Vec<_> = flaws.iter().map(ToString::to_string).collect();
            Err(trouble("reading the policy")(told.join("; ")))
        }
    }
}
