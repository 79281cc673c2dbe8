//! Loads the policy: what the proxy hands over as configuration, compiled entirely or not at all.
//!
//! Configure is deterministic: it depends on configuration and environment only, since Envoy leaves the filter out on a
//! worker whose configure fails after the first one succeeded.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use tapgate_core::audit::escaped;
use tapgate_core::decide::Gate;
use tapgate_core::policy::{Defect, LedgerPlace, Policy, compile};

use crate::etcd::beside::{Beside, PERIOD_IN_MILLISECONDS};
use crate::etcd::talk::Talk;
use crate::filter::Filter;
use crate::host::{self, Buffer, Level};
use crate::ledger;
use crate::outbox::Expiries;
use crate::worker::Worker;

/// The first byte of a `google.protobuf.Struct` that has fields.
const STRUCT_TAG: u8 = 0x0a;

/// The plugin as a whole, on one worker.
#[derive(Default)]
pub(crate) struct Root {
    /// `None` until a policy is loaded: then every request is refused.
    gate: Option<Rc<Gate>>,
    worker: Worker,
    beside: Beside,
    expiries: Expiries,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, headers: usize, _size: usize, _trailers: usize) {
        let answer = host::answer(headers, Talk::MOST_ANSWER);
        if self.expiries.hear(call, answer.as_ref(), &self.worker) {
            return;
        }
        let status = answer.as_ref().map(|(status, _)| *status);
        let now = host::now().unwrap_or_default();
        if !self.worker.outbox.borrow_mut().hear(call, status, now, &self.worker.metrics) {
            self.beside.hear(call, answer.as_ref(), &self.worker);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let Ok(document) = host::buffer(Buffer::PluginConfiguration, size) else {
            host::log(Level::Error, "tapgate: the proxy did not hand over the plugin's configuration");
            return false;
        };
        match load(&document) {
            Ok(gate) => {
                announce(&gate);
                gate.policies().iter().for_each(|policy| begin(policy));
                self.worker.directories.clear();
                if self.worker.outbox.borrow_mut().load(gate.policies()) {
                    need_timer("events are not sent to webhooks");
                }
                self.gate = Some(Rc::new(gate));
                true
            }
            Err(reasons) => {
                for reason in reasons {
                    host::log(Level::Error, &format!("tapgate: policy refused: {}", one_line(&reason)));
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(gate) = &self.gate {
            self.beside.tick(gate.policies(), &self.worker);
            let Ok(now) = host::now() else { return };
            let due = self.worker.outbox.borrow_mut().tick(now, &self.worker.metrics);
            self.expiries.look(due, &self.worker, now);
        }
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter::new(self.gate.clone(), self.worker.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

fn load(document: &[u8]) -> Result<Gate, Vec<String>> {
    if document.trim_ascii().is_empty() {
        return Err(vec!["no configuration: hand over the policy as JSON in a google.protobuf.StringValue".to_owned()]);
    }
    let environment = |name: &str| std::env::var(name).ok();
    let compiled = compile(document, &environment).map_err(|defects| reasons(document, &defects))?;
    Ok(Gate::new(compiled))
}

/// Does early what would else hold up the first request. That it may fail changes nothing.
fn begin(policy: &Policy) {
    match &policy.ledger {
        LedgerPlace::SharedData { .. } => ledger::begin_early(&policy.tenant),
        // Clusters may not be there yet: the timer is the first to ask.
        LedgerPlace::Etcd(_) => need_timer("sessions wait for etcd when they are due"),
    }
}

fn need_timer(otherwise: &str) {
    if host::tick_every(PERIOD_IN_MILLISECONDS).is_err() {
        host::log(Level::Warn, &format!("tapgate: the proxy gives the plugin no timer: {otherwise}"));
    }
}

fn reasons(document: &[u8], defects: &[Defect]) -> Vec<String> {
    // The tag is also a newline, with which a JSON text may begin; then a brace follows it.
    let is_text = document.trim_ascii_start().first() == Some(&b'{');
    if !is_text && document.first() == Some(&STRUCT_TAG) {
        return vec![
            "the configuration is a google.protobuf.Struct, which Envoy hands over as protobuf bytes; \
             put the policy as JSON text into a google.protobuf.StringValue instead"
                .to_owned(),
        ];
    }
    defects.iter().map(ToString::to_string).collect()
}

/// A defect as one line of ASCII. Defects bound what they quote themselves.
fn one_line(text: &str) -> String {
    text.as_bytes().chunks(100).map(escaped).collect()
}

fn announce(gate: &Gate) {
    for policy in gate.policies() {
        let place = match &policy.ledger {
            LedgerPlace::SharedData { .. } => {
                "ledger in shared data: it lives as long as the proxy keeps that, and a second \
                                               process is a second ledger"
                    .to_owned()
            }
            LedgerPlace::Etcd(etcd) => {
                format!("ledger in the etcd cluster {}, below {}", one_line(&etcd.cluster), one_line(&etcd.prefix))
            }
        };
        let (tenant, hash) = (&policy.tenant, gate.hash());
        let line = format!("tapgate: loaded policy of tenant {tenant} (version 1, hash {hash}); {place}");
        host::log(Level::Info, &line);
    }
}
