//! A decision in words, and the statements of the contract that made it.

use serde_json::Value;
use tapgate_core::refusal::Refusal;

use crate::expect::{event, shown_reason};
use crate::jar::set_cookies;
use crate::mint;
use crate::site::{Exchange, Headers, values};

/// What was decided about a request.
pub(super) struct Decided {
    /// In short: `admitted, led to /register`, `refused already_used`.
    pub(super) decision: String,
    /// Of a refusal, as the log has it; whoever is refused may be told less.
    pub(super) reason: Option<String>,
    /// In a sentence.
    pub(super) says: String,
    /// The statements behind it, as `7.3`.
    pub(super) statements: &'static [&'static str],
}

impl Decided {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let logged: Vec<String> = exchange.audit.iter().map(|line| event(line)).collect();
        let has = |wanted: &str| logged.iter().any(|line| line == wanted);
        if has("completion done") {
            return Self::completed(exchange);
        }
        if let Some(seen) = &exchange.forwarded {
            return Self::forwarded(seen);
        }
        if let Some(done) = administered(&logged, exchange.status) {
            return done;
        }
        let refused = logged.iter().find_map(|line| {
            let mut words = line.split(' ');
            let (kind, outcome) = (words.next()?, words.next()?);
            (kind == "sign_in" && outcome == "refused").then(|| words.next().map(str::to_owned)).flatten()
        });
        if let Some(reason) = refused.or_else(|| shown_reason(exchange)) {
            return Self::refused(reason);
        }
        let location = values(&exchange.headers, "location").next();
        match (has("sign_in done"), location) {
            (true, Some(location)) => Self::plainly(
                format!("admitted, led to {location}"),
                "The pass is good: the browser gets a session that may register a method, and nothing else, until its deadline.",
                &["4.3", "4.4"],
            ),
            (true, None) => Self::plainly(
                "admitted".to_owned(),
                "The pass is good: the caller gets a session that may register a method, and nothing else, until its deadline.",
                &["4.3", "4.4"],
            ),
            (false, Some(location)) => Self::plainly(
                format!("redirected to {location}"),
                "A registering person who goes elsewhere is led to the registration.",
                &["5.2"],
            ),
            (false, None) => Self::plainly(
                format!("answered with {}", exchange.status),
                "The gate answers this itself; the application gets nothing of it.",
                &["5.4"],
            ),
        }
    }

    fn plainly(decision: String, says: &str, statements: &'static [&'static str]) -> Self {
        Self { decision, reason: None, says: says.to_owned(), statements }
    }

    fn completed(exchange: &Exchange) -> Self {
        let goes_on = set_cookies(&exchange.headers).any(|cookie| !cookie.clears());
        let (more, says) = if goes_on {
            (
                "goes on",
                "The application says that the method is registered: the session opens the rest of the site until its end.",
            )
        } else {
            (
                "is over",
                "The application says that the method is registered: the session is over, and the person signs in with the new method.",
            )
        };
        Self::plainly(format!("registered, and the session {more}"), says, &["5.5"])
    }

    fn forwarded(seen: &Headers) -> Self {
        let state = mint::assertion(seen).and_then(|claims| match claims.get("state") {
            Some(tapgate_core::json::Json::String(state)) => Some(state.clone()),
            _ => None,
        });
        match state.as_deref() {
            Some("registering") => Self::plainly(
                "forwarded as registering".to_owned(),
                "The registration may be reached: the application is told who it is, and until when.",
                &["5.1", "6.1"],
            ),
            Some(state) => Self::plainly(
                format!("forwarded as {state}"),
                "The session is registered: the rest of the site is open, and the application is told who it is.",
                &["5.6", "6.1"],
            ),
            None => Self::plainly(
                "forwarded as nobody".to_owned(),
                "There is no session: the request goes on to the application, without any identity.",
                &["6.1", "6.3"],
            ),
        }
    }

    fn refused(reason: String) -> Self {
        let (says, statements) = match of_name(&reason) {
            Some(refusal) => (why(refusal).to_owned(), statements(refusal)),
            None => (
                "That Temporary Access Pass is not valid: whoever shows no authentic pass is told no more.".to_owned(),
                &["8.1"][..],
            ),
        };
        Self { decision: format!("refused {reason}"), reason: Some(reason), says, statements }
    }
}

/// What an administrator's call came to.
fn administered(logged: &[String], status: u16) -> Option<Decided> {
    let (kind, rest) = logged.iter().find_map(|line| {
        let (kind, rest) = line.split_once(' ')?;
        ["pass_issue", "pass_replace", "pass_delete", "policy_change", "admin_call"]
            .contains(&kind)
            .then_some((kind, rest))
    })?;
    if let Some(reason) = rest.strip_prefix("denied ") {
        let reason = reason.split(' ').next().unwrap_or_default().to_owned();
        return Some(Decided {
            decision: format!("refused {reason}"),
            says: format!("The admin API does not do that (status {status})."),
            reason: Some(reason),
            statements: &["11.1", "11.2"],
        });
    }
    let (decision, says, statements): (&str, &str, &'static [&'static str]) = match (kind, rest) {
        ("pass_issue", "done") => {
            ("a pass is issued", "The code is told to whoever issues it, once.", &["11.4", "7.6"])
        }
        ("pass_replace", "done") => (
            "a pass is issued in place of another",
            "A user has one pass at most: the former one is dead.",
            &["7.2", "11.4"],
        ),
        ("pass_delete", "done") => {
            ("the pass is deleted", "The pass is dead, and its sessions with it.", &["7.2", "11.1"])
        }
        ("policy_change", "done") => {
            ("the policy is amended", "It counts from the next request on, for live sessions too.", &["11.3", "2.4"])
        }
        ("pass_issue", _) => ("nothing new is issued", "The same request was made before.", &["11.1"]),
        _ => ("answered", "Whoever asks may see this.", &["11.1"]),
    };
    Some(Decided::plainly(decision.to_owned(), says, statements))
}

/// A refusal by its own name.
fn of_name(name: &str) -> Option<Refusal> {
    Refusal::ALL.into_iter().find(|refusal| refusal.name() == name)
}

/// The statements of the contract behind a refusal.
#[must_use]
pub(super) fn statements(refusal: Refusal) -> &'static [&'static str] {
    match refusal {
        Refusal::Malformed => &["3.2"],
        Refusal::UnknownKey | Refusal::BadSignature => &["3.4"],
        Refusal::WrongAudience => &["2.3", "3.4"],
        Refusal::WrongUser => &["4.1"],
        Refusal::UnknownCode | Refusal::LockedOut => &["7.7"],
        Refusal::NotYetValid | Refusal::Expired => &["3.5"],
        Refusal::AlreadyUsed => &["7.3"],
        Refusal::Replaced | Refusal::Revoked => &["7.2"],
        Refusal::LedgerTooYoung => &["7.4"],
        Refusal::Disabled | Refusal::MultiUseForbidden => &["2.4"],
        Refusal::OutOfScope => &["2.4", "3.6"],
        Refusal::LifetimeOutOfPolicy => &["3.5", "3.2"],
        Refusal::LedgerUnavailable => &["7.1", "10.2"],
        Refusal::DirectoryUnavailable => &["10.2"],
        Refusal::CrossSite | Refusal::TooLarge => &["4.2"],
        Refusal::RegistrationRequired => &["5.2"],
        Refusal::RegistrationDeadlinePassed => &["5.3"],
        Refusal::SessionExpired => &["5.6", "6.3"],
        Refusal::Internal => &["8.1a"],
    }
}

/// Why, for whoever looks at the policy rather than at the page.
#[must_use]
pub(super) fn why(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "It is no signed pass in the one accepted form, nor sent in one way only.",
        Refusal::UnknownKey => "It names a key that the policy does not have.",
        Refusal::BadSignature => "Its signature is not that of the key that it names.",
        Refusal::WrongAudience => "It is another issuer's, or meant for another audience, than the policy's.",
        Refusal::WrongUser => "The name typed with it is not its user's.",
        Refusal::UnknownCode => {
            "There is no such code for this name, or no such user: whoever types it is not told which."
        }
        Refusal::LockedOut => "After wrong guesses codes are not looked at for a while; a hundred kill a code.",
        Refusal::NotYetValid => "It has not begun.",
        Refusal::Expired => "It is over.",
        Refusal::AlreadyUsed => "A one-time pass belongs to the browser that first presented it, until its deadline.",
        Refusal::Replaced => "A newer pass of this user has taken its place.",
        Refusal::Revoked => "It was taken back.",
        Refusal::LedgerTooYoung => "It began before this ledger did, so somebody may have used it.",
        Refusal::Disabled => "The policy's state is disabled.",
        Refusal::OutOfScope => "The policy does not target this user, or nobody knows them.",
        Refusal::LifetimeOutOfPolicy => {
            "It lasts shorter or longer than the policy allows, or starts too long after its issue."
        }
        Refusal::MultiUseForbidden => "The policy wants one-time passes.",
        Refusal::LedgerUnavailable => "The ledger did not answer: nobody is let in on a guess.",
        Refusal::DirectoryUnavailable => {
            "The directory did not answer: nobody is let in on a guess. (A story has none to ask.)"
        }
        Refusal::CrossSite => "The request came from another site's page.",
        Refusal::TooLarge => "The body is larger than a sign-in can be.",
        Refusal::RegistrationRequired => "A registering session reaches the registration, and nothing else.",
        Refusal::RegistrationDeadlinePassed => {
            "The registering session is over: its deadline has passed, or the pass is gone."
        }
        Refusal::SessionExpired => "The registered session is over.",
        Refusal::Internal => "This must not happen.",
    }
}

/// What the status endpoint says at `now` of a session: its state and its end, if it lives.
pub(super) fn session(exchange: &Exchange, now: u64) -> Option<(String, u64)> {
    if exchange.status != 200 {
        return None;
    }
    let body: Value = serde_json::from_str(&exchange.body).ok()?;
    let left = body.get("secondsLeft")?.as_u64()?;
    Some((body.get("state")?.as_str()?.to_owned(), now.saturating_add(left)))
}
