//! Somebody with a browser: does one thing at a time, has it written down, and gets an answer that can be checked.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::script::{Differs, Script};
use super::show;
use crate::client::{Browser, Call, Response};
use crate::clock::HANG;

/// The gate's session cookie.
pub(super) const SESSION: &str = "__Host-tapgate";

/// How long somebody waits who is told to come again.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// Somebody with a browser.
pub(super) struct Actor {
    name: &'static str,
    browser: Browser,
    script: Script,
    /// Whether they come again when they are told to.
    patient: bool,
}

/// An answer, and what it answers.
pub(super) struct Answer {
    response: Response,
    after: String,
    script: Script,
}

impl Actor {
    pub(super) fn new(name: &'static str, browser: Browser, script: &Script) -> Self {
        Self { name, browser, script: script.clone(), patient: false }
    }

    /// Somebody who comes again when a gate says that it cannot tell now.
    pub(super) fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    /// Takes all cookies over: the same person's browser, at another gate.
    pub(super) fn continues(&mut self, other: &Self) {
        self.browser.jar = other.browser.jar.clone();
    }

    /// Opens a page.
    pub(super) async fn navigate(&mut self, target: &str) -> Result<Answer, Differs> {
        self.play("GET", target, &["sec-fetch-mode: navigate".to_owned()], Call::navigate(target)).await
    }

    /// Submits a form of the site.
    pub(super) async fn submit(&mut self, target: &str, fields: &[(&str, &str)]) -> Result<Answer, Differs> {
        let mut told = vec!["sec-fetch-mode: navigate".to_owned(), "sec-fetch-site: same-origin".to_owned()];
        if !fields.is_empty() {
            told.push(format!("body: {}", show::form(fields)));
        }
        self.play("POST", target, &told, Call::submit(target, fields)).await
    }

    /// Lets a page's script call an API.
    pub(super) async fn fetch(&mut self, method: &str, target: &str) -> Result<Answer, Differs> {
        self.play(method, target, &["sec-fetch-mode: cors".to_owned()], Call::fetch(method, target)).await
    }

    /// As [`Self::fetch`], with a header that a browser would not send.
    pub(super) async fn forge(&mut self, target: &str, header: (&str, &str)) -> Result<Answer, Differs> {
        let told = [format!("{}: {}", header.0, header.1)];
        self.play("GET", target, &told, Call::fetch("GET", target).header(header.0, header.1)).await
    }

    /// Presents a pass to the gate as a script does: JSON there and back.
    pub(super) async fn present(&mut self, pass: &str) -> Result<Answer, Differs> {
        let body = serde_json::json!({ "pass": pass });
        let told = ["accept: application/json".to_owned(), format!("body: {}", show::json(&body))];
        self.play("POST", "/.tap/sign-in", &told, Call::fetch("POST", "/.tap/sign-in").json(&body)).await
    }

    /// The value of a cookie that the browser holds.
    pub(super) fn cookie(&self, name: &str) -> Result<String, Differs> {
        let held = self.browser.jar.get(name).map(str::to_owned);
        let expected = format!("{} to hold a cookie `{name}`", self.name);
        self.script.check(held.is_some(), "afterwards", expected, "none")?;
        Ok(held.unwrap_or_default())
    }

    /// Puts a cookie into the browser by hand, as a thief does.
    pub(super) fn steal(&mut self, name: &str, value: &str) {
        self.browser.jar.put(name, value);
    }

    async fn play(&mut self, method: &str, target: &str, told: &[String], call: Call) -> Result<Answer, Differs> {
        let after = format!("{method} {target} by {}", self.name);
        self.script.line(format_args!("> {method} {target}    ({})", self.name));
        for line in told {
            self.script.line(format_args!("> {line}"));
        }
        if let Some(field) = self.browser.jar.field() {
            self.script.line(format_args!("> cookie: {}", show::cookies(&field)));
        }
        let began = Instant::now();
        let mut sent = self.browser.try_send(call.clone()).await;
        while self.patient
            && sent.as_ref().is_ok_and(|answer| answer.status == 503 && answer.header("retry-after").is_some())
            && began.elapsed() < HANG
        {
            self.script.line("< 503, come again in a moment");
            tokio::time::sleep(PAUSE).await;
            sent = self.browser.try_send(call.clone()).await;
        }
        match sent {
            Ok(response) => {
                for line in show::answer(&response) {
                    self.script.line(format_args!("< {line}"));
                }
                Ok(Answer { response, after, script: self.script.clone() })
            }
            Err(error) => Err(self.script.differs(&after, "an answer", error)),
        }
    }
}

impl Answer {
    /// The status code is this one.
    pub(super) fn status(&self, status: u16) -> Result<&Self, Differs> {
        let seen = self.response.status;
        self.check(seen == status, format_args!("status {status}"), format_args!("status {seen}"))
    }

    /// It redirects to a target that begins like this.
    pub(super) fn leads_to(&self, target: &str) -> Result<&Self, Differs> {
        self.status(303)?;
        let seen = self.response.header("location").unwrap_or_default();
        let holds = seen.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
        self.check(holds, format_args!("location `{target}`"), format_args!("location `{seen}`"))
    }

    /// It is a problem document with this reason.
    pub(super) fn refused(&self, status: u16, reason: &str) -> Result<&Self, Differs> {
        self.status(status)?;
        let kind = self.response.header("content-type").unwrap_or_default();
        self.check(kind.starts_with("application/problem+json"), "a problem document", &kind)?;
        self.member("reason", reason)
    }

    /// Its JSON object has this text as this member.
    pub(super) fn member(&self, name: &str, text: &str) -> Result<&Self, Differs> {
        let value = self.json()?;
        let seen = &value[name];
        self.check(seen == text, format_args!("`{name}` to be `{text}`"), format_args!("`{seen}`"))
    }

    /// The page says this.
    pub(super) fn says(&self, text: &str) -> Result<&Self, Differs> {
        let seen = self.response.text();
        self.check(seen.contains(text), format_args!("`{text}` on the page"), "a page without it")
    }

    /// It has no header of this name.
    pub(super) fn hides(&self, name: &str) -> Result<&Self, Differs> {
        let seen = self.response.all(name).len();
        self.check(seen == 0, format_args!("no header `{name}`"), seen)
    }

    /// It sets this cookie, `Secure` and `HttpOnly`; gives the value.
    pub(super) fn sets(&self, name: &str) -> Result<String, Differs> {
        let cookie = self.response.set_cookies().into_iter().find(|cookie| cookie.name == name && !cookie.deletes());
        let Some(cookie) = cookie else {
            return Err(self.script.differs(&self.after, format_args!("a cookie `{name}`"), "none"));
        };
        let safe = ["secure", "httponly"].iter().all(|wanted| cookie.attributes.contains_key(*wanted));
        self.check(safe, format_args!("`{name}` to be Secure and HttpOnly"), "that it is not")?;
        Ok(cookie.value)
    }

    /// It clears this cookie.
    pub(super) fn clears(&self, name: &str) -> Result<&Self, Differs> {
        let holds = self.response.set_cookies().iter().any(|cookie| cookie.name == name && cookie.deletes());
        self.check(holds, format_args!("`{name}` to be cleared"), "that it is not")
    }

    /// Its body as JSON.
    pub(super) fn json(&self) -> Result<Value, Differs> {
        serde_json::from_slice(&self.response.body)
            .map_err(|_| self.script.differs(&self.after, "JSON", format_args!("`{}`", self.response.text())))
    }

    /// Anything else about it.
    pub(super) fn check(
        &self,
        holds: bool,
        expected: impl std::fmt::Display,
        seen: impl std::fmt::Display,
    ) -> Result<&Self, Differs> {
        self.script.check(holds, &self.after, expected, seen)?;
        Ok(self)
    }
}
