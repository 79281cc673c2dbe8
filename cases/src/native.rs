//! The host without a proxy: the rules of `tapgate-core`, a ledger in memory, a clock that is set and randomness that
//! repeats. What it does around the rules is what the filter does: headers, body, edits, answer, edits.

use std::collections::BTreeMap;
use std::rc::Rc;

use tapgate_core::audit::{AuditEvent, Origin, PREFIX};
use tapgate_core::context::Context;
use tapgate_core::decide::{Gate, Head, ResponseView, Stream, Verdict};
use tapgate_core::headers::{Header, HeaderEdits};
use tapgate_core::ledger::{self, Memory};
use tapgate_core::policy::compile;
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::request::RequestView;
use tapgate_core::time::UnixSeconds;

use crate::site::{Answered, Application, Exchange, Headers, Host, Sent, Setup, Site, Trouble, with_pseudo};

/// Runs cases against the rules themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Host for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        let site = NativeSite {
            gate: Rc::new(gate(&setup.policy, &setup.environment)?),
            environment: setup.environment.clone(),
            ledger: Memory::born(moment(setup.born)?),
            random: Seeded(1),
            now: moment(setup.now)?,
        };
        Ok(Box::new(site))
    }
}

/// Repeatable randomness: a counter run through a multiplier, its high byte at a time.
#[derive(Clone)]
struct Seeded(u64);

impl Random for Seeded {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let [high, ..] = self.0.to_be_bytes();
            *byte = high;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct NativeSite {
    gate: Rc<Gate>,
    environment: BTreeMap<String, String>,
    ledger: Memory,
    random: Seeded,
    now: UnixSeconds,
}

impl Site for NativeSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.gate = Rc::new(gate(policy, &self.environment)?);
        Ok(())
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.now = moment(now)?;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.ledger = Memory::born(self.now);
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Site>> {
        Some(Box::new(self.clone()))
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let mut headers = with_pseudo(request);
        let borrowed = borrow(&headers);
        let mut context = Context { now: self.now, random: &mut self.random };
        let step = self.gate.request(&RequestView::new(&borrowed), &mut context);
        let mut edits = HeaderEdits::default();
        let decision = match ledger::settle(step, &mut self.ledger, &mut context) {
            Head::Decided(decision) => decision,
            Head::Body(awaited) => {
                edits = awaited.edits().clone();
                let body = request.body.as_deref().unwrap_or_default();
                let step = awaited.complete(body, &mut context);
                ledger::settle(step, &mut self.ledger, &mut context)
            }
        };
        drop(borrowed);
        let mut audit = lines(&decision.audit);
        match decision.verdict {
            Verdict::Reply(reply) => Ok(Exchange {
                status: reply.status,
                headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body: String::from_utf8_lossy(&reply.body).into_owned(),
                forwarded: None,
                audit,
            }),
            Verdict::Forward(forward) => {
                apply(&mut headers, &edits);
                apply(&mut headers, &forward.edits);
                let answered = application(&headers);
                let status = answered.status;
                let headers_back = self.answer(&forward.stream, answered, &mut audit)?;
                Ok(Exchange { status, headers: headers_back, body: String::new(), forwarded: Some(headers), audit })
            }
        }
    }
}

impl NativeSite {
    fn answer(&mut self, stream: &Stream, answered: Answered, audit: &mut Vec<String>) -> Result<Headers, Trouble> {
        let mut headers = vec![(":status".to_owned(), answered.status.to_string())];
        headers.extend(answered.headers);
        let borrowed = borrow(&headers);
        let response = ResponseView { headers: &borrowed, from_application: !answered.by_proxy };
        let mut context = Context { now: self.now, random: &mut self.random };
        let step = Gate::response(stream, &response, &mut context)
            .map_err(|NoEntropy| Trouble::new("judging an answer", "no randomness"))?;
        let decision = ledger::settle(step, &mut self.ledger, &mut context);
        drop(borrowed);
        audit.extend(lines(&decision.audit));
        apply(&mut headers, &decision.edits);
        headers.retain(|(name, _)| name != ":status");
        Ok(headers)
    }
}

fn gate(policy: &str, environment: &BTreeMap<String, String>) -> Result<Gate, Trouble> {
    let compiled = compile(policy.as_bytes(), &|name| environment.get(name).cloned()).map_err(|defects| {
        let lines: Vec<_> = defects.iter().map(ToString::to_string).collect();
        Trouble::new("compiling the policy", lines.join("\n"))
    })?;
    Ok(Gate::new(compiled))
}

fn moment(seconds: u64) -> Result<UnixSeconds, Trouble> {
    UnixSeconds::new(seconds).ok_or_else(|| Trouble::new("setting the clock", "beyond the year 9999"))
}

fn lines(events: &[AuditEvent]) -> Vec<String> {
    let logged = events.iter().filter(|event| event.is_logged());
    logged.map(|event| event.line(Origin::default()).trim_start_matches(PREFIX).to_owned()).collect()
}

fn borrow(headers: &Headers) -> Vec<Header<'_>> {
    headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

fn apply(headers: &mut Headers, edits: &HeaderEdits) {
    headers.retain(|(name, _)| !edits.remove.iter().any(|gone| gone.eq_ignore_ascii_case(name.as_bytes())));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.extend(edits.add.iter().map(|(name, value)| (text(name), text(value))));
}
