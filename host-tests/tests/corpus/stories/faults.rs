//! Faults: gates that leave one rule out, to show that the stories would find it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapgate_cases::site::{Application, Exchange, Sent, Setup, Site, Trouble};
use tapgate_host::Refusal;

use crate::embedded::{WasmtimeSite, config};
use crate::stories::laws::Law;
use crate::stories::seen::{self, HOLDER, all};

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `registration.allow` covers a page that the policy does not name.
    WideAllow,
    /// Sessions live for a day, whatever the policy says.
    LongSessions,
    /// A one-time pass may be retried ten times.
    ManyRetries,
    /// Whoever presents a one-time pass is taken for its holder.
    AnyHolder,
    /// The scope of passes is not looked at.
    AnyUser,
    /// A header that names a user goes on as the client sent it.
    ForgedUser,
    /// Every completion continues.
    AlwaysContinues,
    /// An identity header on an answer reaches the browser.
    TalkativeAnswers,
    /// The log shows what was posted.
    TalkativeLog,
    /// The module traps when it answers.
    Traps,
    /// A refusal has another status than the rules give it.
    WrongStatus,
}

impl Fault {
    pub(crate) const ALL: [Self; 11] = [
        Self::WideAllow,
        Self::LongSessions,
        Self::ManyRetries,
        Self::AnyHolder,
        Self::AnyUser,
        Self::ForgedUser,
        Self::AlwaysContinues,
        Self::TalkativeAnswers,
        Self::TalkativeLog,
        Self::Traps,
        Self::WrongStatus,
    ];

    /// The law that finds it.
    pub(crate) const fn breaks(self) -> Law {
        match self {
            Self::WideAllow => Law::Confinement,
            Self::LongSessions => Law::Deadline,
            Self::ManyRetries | Self::AnyHolder => Law::OneHolder,
            Self::AnyUser => Law::Admission,
            Self::ForgedUser => Law::Identity,
            Self::AlwaysContinues => Law::Completion,
            Self::TalkativeAnswers => Law::Answers,
            Self::TalkativeLog => Law::Secrets,
            Self::Traps => Law::Running,
            Self::WrongStatus => Law::AsNatively,
        }
    }

    /// The policy as a gate with this fault takes it.
    fn policy(self, policy: &str) -> String {
        let mut policy: Value = serde_json::from_str(policy).expect("a policy in JSON");
        match self {
            Self::WideAllow => {
                let allow = policy["registration"]["allow"].as_array_mut().expect("a list");
                allow.push(json!("/account"));
            }
            Self::ManyRetries => policy["registration"]["retries"] = json!(10),
            Self::AnyUser => {
                policy["temporaryAccessPass"]["excludeTargets"] = json!([]);
            }
            Self::LongSessions => {
                policy["registration"]["windowInMinutes"] = json!(1440);
                policy["session"] = json!({"maximumInMinutes": 1440, "endsWithPass": false});
            }
            Self::AlwaysContinues => policy["registration"]["then"] = json!("continue"),
            _ => {}
        }
        policy.to_string()
    }
}

/// The module under the wasmtime host, with a fault or without.
pub(crate) struct FaultySite {
    fault: Option<Fault>,
    site: WasmtimeSite,
    logged: usize,
    /// What a talkative log has told.
    told: Vec<String>,
    /// The holder of each one-time pass.
    holders: BTreeMap<String, String>,
}

impl FaultySite {
    pub(crate) fn start(fault: Option<Fault>, seed: u64, setup: &Setup) -> Result<Self, Trouble> {
        let policy = fault.map_or_else(|| setup.policy.clone(), |fault| fault.policy(&setup.policy));
        let mut site = WasmtimeSite::start(Some(seed), &Setup { policy, ..setup.clone() })?;
        if fault == Some(Fault::Traps) {
            let config = config(&site.policy, &site.environment).refuse("proxy_send_local_response", Refusal::Traps);
            site.host.update(config).map_err(|error| Trouble::new("planting a fault", error))?;
        }
        Ok(Self { fault, site, logged: 0, told: Vec::new(), holders: BTreeMap::new() })
    }

    /// A fresh line of the log that tells one of these.
    pub(crate) fn leak(&mut self, secrets: &[String]) -> Option<String> {
        let told = std::mem::take(&mut self.told);
        let told = told.into_iter().find(|line| secrets.iter().any(|secret| line.contains(secret.as_str())));
        let leak = self.site.leak(self.logged, secrets);
        self.logged = self.site.host.logs().len();
        told.or(leak)
    }

    /// The request as a gate with this fault sees it.
    fn received(&self, sent: &Sent) -> Sent {
        let mut received = sent.clone();
        let pass = seen::presented(sent);
        if self.fault == Some(Fault::AnyHolder)
            && let Some(holder) = pass.and_then(|pass| self.holders.get(&pass))
        {
            received.headers.retain(|(name, _)| name != "cookie");
            received.headers.push(("cookie".to_owned(), format!("{HOLDER}={holder}")));
        }
        received
    }

    /// What came of it, as a gate with this fault lets it.
    fn passed_on(&mut self, sent: &Sent, mut exchange: Exchange) -> Exchange {
        match self.fault {
            Some(Fault::AnyHolder) => {
                if let (Some(pass), Some(holder)) = (seen::presented(sent), seen::set_cookie(&exchange.headers, HOLDER))
                {
                    self.holders.entry(pass).or_insert_with(|| holder.to_owned());
                }
            }
            Some(Fault::ForgedUser) => {
                if let (Some(forwarded), [user, ..]) =
                    (&mut exchange.forwarded, &all(&sent.headers, "tapgate-user")[..])
                {
                    forwarded.push(("tapgate-user".to_owned(), (*user).to_owned()));
                }
            }
            Some(Fault::TalkativeAnswers) if exchange.status == 404 => {
                exchange.headers.push(("tapgate-user".to_owned(), "admin".to_owned()));
            }
            Some(Fault::TalkativeLog) => {
                self.told.extend(sent.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()));
            }
            Some(Fault::WrongStatus) if exchange.status == 403 => exchange.status = 401,
            _ => {}
        }
        exchange
    }
}

impl Site for FaultySite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        match self.fault {
            Some(fault) => self.site.load(&fault.policy(policy)),
            None => self.site.load(policy),
        }
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.site.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.site.restart()
    }

    fn exchange(&mut self, sent: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let exchange = self.site.exchange(&self.received(sent), application)?;
        Ok(self.passed_on(sent, exchange))
    }
}
