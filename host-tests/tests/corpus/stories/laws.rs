//! The laws, and the watcher's own record of passes and sessions that they are judged by. Nothing here asks the product
//! what it thinks: a session is what a cookie was when the gate set it, and rules are read from the policy's own text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tapgate_cases::site::{Answered, Exchange, Headers, Sent};

use crate::stories::rules::Rules;
use crate::stories::seen::{self, HOLDER, SESSION, all, number, text};

/// What must hold in every story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    /// A pass lets in only if it is authentic, in its time and as the loaded policy wants it; it never goes further.
    Admission,
    /// A one-time pass has one holder, who signs in no oftener than the policy says, and nobody once it is consumed.
    OneHolder,
    /// A registering session reaches nothing outside what the policy allows.
    Confinement,
    /// No session lives past its deadline, its pass or the policy's maximum.
    Deadline,
    /// Identity headers are the gate's and say whose session it is; the gate's own cookies go no further.
    Identity,
    /// Only an honest receipt on the application's own answer opens the rest of the site, once a session.
    Completion,
    /// No answer carries what only the gate may say.
    Answers,
    /// No pass, cookie, assertion, receipt or key is in a log.
    Secrets,
    /// The module runs on: no trap, no misuse of its host, no request without an answer.
    Running,
    /// The module does what the rules do without it.
    AsNatively,
}

impl Law {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::OneHolder => "one holder",
            Self::Confinement => "confinement",
            Self::Deadline => "deadline",
            Self::Identity => "identity",
            Self::Completion => "completion",
            Self::Answers => "answers",
            Self::Secrets => "secrets",
            Self::Running => "running",
            Self::AsNatively => "as natively",
        }
    }
}

/// A law that was broken: which, what was seen, and what a case should expect instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) law: Law,
    pub(crate) found: String,
    pub(crate) expect: String,
}

fn breach<T>(law: Law, found: impl Into<String>, expect: impl Into<String>) -> Result<T, Breach> {
    Err(Breach { law, found: found.into(), expect: expect.into() })
}

/// Holds if it is true.
fn holds(holds: bool, law: Law, found: &str, expect: &str) -> Result<(), Breach> {
    if holds { Ok(()) } else { breach(law, found, expect) }
}

/// A session, by the cookie that the gate set.
#[derive(Clone, Debug)]
struct Session {
    user: String,
    pass: String,
    pass_end: u64,
    signed_in: u64,
    deadline: u64,
    registered: bool,
}

/// A one-time pass that has let somebody in.
#[derive(Clone, Debug)]
struct Redeemed {
    holder: String,
    sign_ins: u64,
    deadline: u64,
    consumed: bool,
}

/// What has been seen so far.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) rules: Rules,
    pub(crate) now: u64,
    sessions: BTreeMap<String, Session>,
    redeemed: BTreeMap<String, Redeemed>,
    completed: BTreeSet<String>,
}

impl Record {
    pub(crate) const fn new(rules: Rules, now: u64) -> Self {
        Self { rules, now, sessions: BTreeMap::new(), redeemed: BTreeMap::new(), completed: BTreeSet::new() }
    }

    /// Judges an exchange, and remembers what it shows.
    pub(crate) fn judge(
        &mut self,
        sent: &Sent,
        answered: Option<&Answered>,
        exchange: &Exchange,
    ) -> Result<(), Breach> {
        let cookie = seen::sent_cookie(&sent.headers, SESSION);
        let session = cookie.and_then(|cookie| self.sessions.get(cookie)).cloned();
        if let Some(forwarded) = &exchange.forwarded {
            self.judge_forwarded(sent, session.as_ref(), forwarded)?;
        }
        judge_answer(exchange)?;
        let opened = seen::set_cookie(&exchange.headers, SESSION);
        match (seen::presented(sent), opened) {
            (Some(pass), opened) => {
                holds(exchange.forwarded.is_none(), Law::Admission, "a pass went on", "forwarded: false")?;
                if let Some(opened) = opened {
                    let session = self.judge_sign_in(&pass, sent, exchange)?;
                    self.sessions.insert(opened.to_owned(), session);
                }
            }
            (None, Some(opened)) => {
                let (Some(cookie), Some(session)) = (cookie, session) else {
                    return breach(Law::Completion, "a session out of nothing", "sets: []");
                };
                self.judge_opening(cookie, &session, answered)?;
                self.sessions.insert(opened.to_owned(), Session { registered: true, ..session });
            }
            (None, None) => {
                if seen::tells(exchange, "completion", "done")
                    && let Some(session) = session
                {
                    self.consume(&session.pass);
                }
            }
        }
        Ok(())
    }

    /// A pass that lets in.
    fn judge_sign_in(&mut self, pass: &str, sent: &Sent, exchange: &Exchange) -> Result<Session, Breach> {
        const NO: &str = "sets: []";
        let Some(claims) = seen::verified(pass, "TAPGATE_PASS_KEY") else {
            return breach(Law::Admission, "a forged pass let in", NO);
        };
        let (user, id, once) = (text(&claims, "sub"), text(&claims, "jti"), claims["once"] == Value::Bool(true));
        let (start, end) = (number(&claims, "nbf"), number(&claims, "exp"));
        let rules = &self.rules;
        let skew = if once { 0 } else { rules.skew };
        let in_time = start.saturating_sub(skew) <= self.now && self.now < end;
        holds(in_time, Law::Admission, "a pass let in outside its time", NO)?;
        holds(rules.includes(&user), Law::Admission, "a user out of scope was let in", NO)?;
        holds(rules.lifetimes.contains(&(end - start)), Law::Admission, "a lifetime outside the policy let in", NO)?;
        holds(once || !rules.only_once, Law::Admission, "a multi-use pass let in against the policy", NO)?;
        let site = all(&sent.headers, "sec-fetch-site");
        holds(site != ["cross-site"], Law::Admission, "another site signed somebody in", NO)?;
        let mut deadline = end.min(self.now + rules.window);
        if once {
            // The first to come is the holder, by the cookie that it brought or was given; all others have to bring it.
            let brought = seen::sent_cookie(&sent.headers, HOLDER);
            let given = seen::set_cookie(&exchange.headers, HOLDER);
            let redeemed = self.redeemed.entry(id.clone()).or_insert_with(|| Redeemed {
                holder: given.or(brought).unwrap_or_default().to_owned(),
                sign_ins: 0,
                deadline,
                consumed: false,
            });
            let is_holder = redeemed.sign_ins == 0 || brought == Some(redeemed.holder.as_str());
            redeemed.sign_ins += 1;
            deadline = deadline.min(redeemed.deadline);
            holds(is_holder, Law::OneHolder, "a second holder", NO)?;
            holds(!redeemed.consumed, Law::OneHolder, "a consumed pass let in", NO)?;
            holds(self.now < deadline, Law::OneHolder, "a pass let in after its deadline", NO)?;
            holds(redeemed.sign_ins <= 1 + rules.retries, Law::OneHolder, "too many retries", NO)?;
        }
        Ok(Session { user, pass: id, pass_end: end, signed_in: self.now, deadline, registered: false })
    }

    /// An answer that makes a session registered.
    fn judge_opening(&mut self, cookie: &str, session: &Session, answered: Option<&Answered>) -> Result<(), Breach> {
        const NO: &str = "sets: []";
        let Some(answered) = answered else {
            return breach(Law::Completion, "a session opened without the application", NO);
        };
        let receipts = all(&answered.headers, "tapgate-receipt");
        let claims = match receipts[..] {
            [receipt] => seen::verified(receipt, "TAPGATE_UPSTREAM_KEY"),
            _ => None,
        };
        let honest = claims.is_some_and(|claims| {
            let ends = number(&claims, "exp");
            text(&claims, "sub") == session.user && self.now < ends && ends <= self.now + 300
        });
        holds(honest && !answered.by_proxy, Law::Completion, "a session opened without an honest receipt", NO)?;
        holds(self.rules.continues, Law::Completion, "a session opened against the policy", NO)?;
        holds(!session.registered, Law::Completion, "a registered session opened again", NO)?;
        holds(self.completed.insert(cookie.to_owned()), Law::Completion, "a session completed twice", NO)?;
        self.consume(&session.pass);
        Ok(())
    }

    fn consume(&mut self, pass: &str) {
        if let Some(redeemed) = self.redeemed.get_mut(pass) {
            redeemed.consumed = true;
        }
    }

    /// A request that reached the application.
    fn judge_forwarded(&self, sent: &Sent, session: Option<&Session>, forwarded: &Headers) -> Result<(), Breach> {
        let cookies = all(forwarded, "cookie").join("; ");
        holds(!cookies.contains("__Host-tapgate"), Law::Identity, "the gate's cookie went on", "forwarded: false")?;
        let identity = forwarded.iter().filter(|(name, _)| seen::is_identity(name));
        let Some(session) = session else {
            let mut names = identity.map(|(name, _)| name.as_str());
            return match names.next() {
                Some(name) => breach(
                    Law::Identity,
                    format!("`{name}` of nobody's session went on"),
                    format!("seen: {{{name}: ~}}"),
                ),
                None => Ok(()),
            };
        };
        let rules = &self.rules;
        let end = if session.registered {
            let pass = if rules.ends_with_pass { session.pass_end } else { u64::MAX };
            pass.min(session.signed_in + rules.maximum)
        } else {
            holds(rules.allows(&sent.path), Law::Confinement, "a registering session got out", "forwarded: false")?;
            session.deadline.min(session.signed_in + rules.window)
        };
        holds(self.now < end, Law::Deadline, "a session outlived its end", "forwarded: false")?;
        let state = if session.registered { "registered" } else { "registering" };
        for (name, value) in [("tapgate-user", session.user.as_str()), ("tapgate-state", state)] {
            let found = all(forwarded, name);
            if found != [value] {
                return breach(Law::Identity, format!("`{name}` is {found:?}"), format!("seen: {{{name}: {value}}}"));
            }
        }
        for (name, _) in identity {
            const OURS: [&str; 5] =
                ["tapgate-user", "tapgate-tenant", "tapgate-state", "tapgate-deadline", "tapgate-assertion"];
            if !OURS.contains(&name.as_str()) || all(forwarded, name).len() != 1 {
                return breach(Law::Identity, format!("`{name}` went on"), format!("seen: {{{name}: ~}}"));
            }
        }
        let assertion = all(forwarded, "tapgate-assertion").concat();
        let Some(claims) = seen::verified(&assertion, "TAPGATE_UPSTREAM_KEY") else {
            return breach(Law::Identity, "an assertion that does not verify", "forwarded: false");
        };
        let ends = number(&claims, "exp");
        let says = text(&claims, "sub") == session.user && text(&claims, "state") == state;
        holds(says, Law::Identity, "an assertion that says something else", "forwarded: false")?;
        let lives = self.now < ends && ends <= self.now + 60;
        holds(lives, Law::Identity, "an assertion that ends at another time", "forwarded: false")?;
        holds(ends <= end, Law::Deadline, "an assertion outlived its session", &format!("assertion: {{exp: {end}}}"))
    }
}

fn judge_answer(exchange: &Exchange) -> Result<(), Breach> {
    if let Some((name, _)) = exchange.headers.iter().find(|(name, _)| seen::is_identity(name)) {
        return breach(Law::Answers, format!("`{name}` reached the browser"), format!("headers: {{{name}: ~}}"));
    }
    let own = all(&exchange.headers, "set-cookie").iter().any(|cookie| cookie.starts_with("__Host-tapgate=mine"));
    holds(!own, Law::Answers, "the application set the gate's cookie", "sets: []")
}
