//! The calls: `users/{user}/authentication/temporaryAccessPassMethods`, as Graph's clients make them.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method as Verb, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tapgate_core::names::{PassId, UserName};
use zeroize::Zeroizing;

use super::error::{Denied, PassError};
use super::method::Method;
use crate::http::{Answer, Server};
use crate::link::BasePath;

/// The longest answer that is read.
const MOST_BYTES: usize = 64 * 1024;

/// The longest token.
const MOST_TOKEN: usize = 4096;

/// What a segment of a path may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// A bearer token. It has no `Debug`, and goes nowhere but into the one header.
pub(super) struct Bearer(Zeroizing<String>);

impl Bearer {
    /// Reads what a file or a variable holds.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PassError> {
        let token = bytes.trim_ascii();
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
        if !(1..=MOST_TOKEN).contains(&token.len()) || !token.iter().all(fits) {
            return Err(PassError::NotAToken);
        }
        let text = str::from_utf8(token).map_err(|_| PassError::NotAToken)?;
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    fn header(&self) -> Result<HeaderValue, PassError> {
        let text = Zeroizing::new(format!("Bearer {}", *self.0));
        let mut value = HeaderValue::from_str(&text).map_err(|_| PassError::NotAToken)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether a text has it, or the part of it that makes it good, in it.
    fn is_in(&self, text: &str) -> bool {
        let signature = self.0.rsplit('.').next().unwrap_or_default();
        text.contains(self.0.as_str()) || (signature.len() >= 16 && text.contains(signature))
    }
}

/// A gateway's admin API, for whoever has the token.
pub(crate) struct Api {
    server: Server,
    /// The gateway's address, for errors.
    gateway: String,
    /// The path of the users.
    users: String,
    bearer: Bearer,
}

/// A user's passes there.
pub(crate) struct Passes<'a> {
    api: &'a Api,
    /// Their path.
    passes: String,
}

/// What came of a request that may be made again.
pub(crate) enum Requested {
    /// This very request has issued it; it has its code.
    Issued(Method),
    /// The same request has issued it before; it has its code where it could still be lost.
    Before(Method),
    /// It would be issued.
    Would,
}

impl Api {
    pub(super) fn new(server: Server, gateway: String, base: &BasePath, bearer: Bearer) -> Self {
        Self { server, gateway, users: format!("{}/graph/v1.0/users", base.as_str()), bearer }
    }

    /// The passes of this user.
    pub(crate) fn of(&self, user: &UserName) -> Passes<'_> {
        let user = utf8_percent_encode(user.as_str(), SEGMENT);
        Passes { api: self, passes: format!("{}/{user}/authentication/temporaryAccessPassMethods", self.users) }
    }
}

impl Passes<'_> {
    /// Issues a pass to somebody who has none of use, once however often this is asked with the same key; or tells what would come
    /// of it.
    pub(crate) async fn request(
        &self,
        body: &Value,
        key: &str,
        reason: Option<&str>,
        dry: bool,
    ) -> Result<Requested, PassError> {
        let path = with_reason(self.passes.clone(), reason);
        let mut headers = vec![("idempotency-key", key), ("if-none-match", "*")];
        if dry {
            headers.push(("tapgate-dry-run", "true"));
        }
        let answer = self.api.ask(Verb::POST, path, Some(body.to_string()), &headers).await?;
        if dry && answer.status == 204 {
            return Ok(Requested::Would);
        }
        if dry && answer.status == 201 {
            return Err(PassError::NotDry(self.api.gateway.clone()));
        }
        let again = answer.status == 200;
        let json = self.api.json(&answer, if again { 200 } else { 201 })?;
        let pass = Method::read(&json).map_err(|part| self.api.senseless(part))?;
        match (again, &pass.code) {
            (true, _) => Ok(Requested::Before(pass)),
            (false, Some(_)) => Ok(Requested::Issued(pass)),
            (false, None) => Err(self.api.senseless("`temporaryAccessPass`, which is not there")),
        }
    }

    /// Issues a pass.
    pub(crate) async fn create(&self, body: &Value, reason: Option<&str>) -> Result<(Method, Value), PassError> {
        let path = with_reason(self.passes.clone(), reason);
        let json = self.api.json(&self.api.ask(Verb::POST, path, Some(body.to_string()), &[]).await?, 201)?;
        let pass = Method::read(&json).map_err(|part| self.api.senseless(part))?;
        if pass.code.is_none() {
            return Err(self.api.senseless("`temporaryAccessPass`, which is not there"));
        }
        Ok((pass, json))
    }

    /// All of the user's passes.
    pub(crate) async fn list(&self) -> Result<(Vec<Method>, Value), PassError> {
        let json = self.api.json(&self.api.ask(Verb::GET, self.passes.clone(), None, &[]).await?, 200)?;
        let passes = Method::read_all(&json).map_err(|part| self.api.senseless(part))?;
        Ok((passes, json))
    }

    /// One of them.
    pub(crate) async fn show(&self, id: &PassId) -> Result<(Method, Value), PassError> {
        let json = self.api.json(&self.api.ask(Verb::GET, self.one(id), None, &[]).await?, 200)?;
        let pass = Method::read(&json).map_err(|part| self.api.senseless(part))?;
        Ok((pass, json))
    }

    /// Takes one back.
    pub(crate) async fn delete(&self, id: &PassId, reason: Option<&str>) -> Result<(), PassError> {
        let answer = self.api.ask(Verb::DELETE, with_reason(self.one(id), reason), None, &[]).await?;
        if answer.status == 204 { Ok(()) } else { Err(self.api.denied(&answer)) }
    }

    fn one(&self, id: &PassId) -> String {
        format!("{}/{id}", self.passes)
    }
}

impl Api {
    async fn ask(
        &self,
        verb: Verb,
        path: String,
        body: Option<String>,
        conditions: &[(&'static str, &str)],
    ) -> Result<Answer, PassError> {
        let changes = verb != Verb::GET;
        let mut request = Request::new(Full::new(Bytes::from(body.unwrap_or_default())));
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| PassError::NoAddress)?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.bearer.header()?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if verb == Verb::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in conditions {
            headers.insert(*name, HeaderValue::from_str(value).map_err(|_| PassError::NoAddress)?);
        }
        *request.method_mut() = verb;
        self.server.call(request, MOST_BYTES).await.map_err(|trouble| {
            let in_doubt = changes && trouble.may_have_arrived();
            PassError::NoAnswer { gateway: self.gateway.clone(), in_doubt, trouble }
        })
    }

    /// The body of an answer of this status.
    fn json(&self, answer: &Answer, status: u16) -> Result<Value, PassError> {
        let Answer { status: told, body } = answer;
        if *told != status {
            return Err(self.denied(answer));
        }
        let json: Value = serde_json::from_slice(body).map_err(|_| self.senseless("its body, which is not JSON"))?;
        // Whoever repeats the token is not shown.
        if self.bearer.is_in(&json.to_string()) {
            return Err(self.senseless("its body, which repeats the token"));
        }
        Ok(json)
    }

    fn senseless(&self, part: &'static str) -> PassError {
        PassError::Senseless { gateway: self.gateway.clone(), part }
    }

    fn denied(&self, answer: &Answer) -> PassError {
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let text = |name: &str| {
            let text = json.as_ref()?.get("error")?.get(name)?.as_str()?;
            (!self.bearer.is_in(text)).then(|| text.chars().take(512).collect::<String>())
        };
        let (gateway, status) = (self.gateway.clone(), answer.status);
        match (text("code"), text("message")) {
            (Some(code), Some(message)) if status >= 400 => {
                PassError::Denied(Box::new(Denied { gateway, status, code, message }))
            }
            _ => PassError::NotTheApi { gateway, status },
        }
    }
}

fn with_reason(path: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => {
            let reason: Cow<'_, str> = utf8_percent_encode(reason, NON_ALPHANUMERIC).into();
            format!("{path}?reason={reason}")
        }
        None => path,
    }
}
