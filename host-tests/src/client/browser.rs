//! A browser: one site, one cookie jar, one connection that it keeps while it can.

use std::net::SocketAddr;

use super::connection::Failure;
use super::{Call, Connection, Jar, Protocol, Response};
use crate::secrets::Secrets;

/// A browser on the gate.
#[derive(Debug)]
pub struct Browser {
    gate: SocketAddr,
    protocol: Protocol,
    authority: String,
    secrets: Secrets,
    connection: Option<Connection>,
    /// Its cookies.
    pub jar: Jar,
}

impl Browser {
    /// A new browser, without cookies, that knows the gate as `authority`.
    #[must_use]
    pub fn new(gate: SocketAddr, protocol: Protocol, authority: &str, secrets: &Secrets) -> Self {
        Self {
            gate,
            protocol,
            authority: authority.to_owned(),
            secrets: secrets.clone(),
            connection: None,
            jar: Jar::default(),
        }
    }

    /// The host and port in its address bar.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The origin of its pages. Where it is not on the machine itself, TLS has been taken off before the gate.
    #[must_use]
    pub fn origin(&self) -> String {
        let local = self.authority.starts_with("localhost") || self.authority.starts_with("127.");
        format!("{}://{}", if local { "http" } else { "https" }, self.authority)
    }

    /// Sends a request with the browser's cookies and takes those that come back.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn send(&mut self, call: Call) -> Response {
        let shown = format!("{} {}", call.method, call.target);
        self.try_send(call).await.unwrap_or_else(|error| panic!("no answer to {shown}: {error}"))
    }

    /// As [`Self::send`], where the gate may also just hang up.
    ///
    /// # Errors
    /// If no answer comes.
    pub async fn try_send(&mut self, mut call: Call) -> Result<Response, Failure> {
        if call.same_origin {
            call = call.replaced("origin", self.origin());
        }
        if let Some(cookies) = self.jar.field() {
            call = call.header("cookie", cookies);
        }
        let request = call.request(self.protocol, &self.authority);
        let answer = self.connected().await?.send(request).await;
        if let Ok(answer) = &answer {
            for cookie in answer.set_cookies() {
                self.secrets.note(&cookie.value);
                self.jar.take(&cookie);
            }
        } else {
            self.connection = None;
        }
        answer
    }

    /// Opens a page.
    pub async fn navigate(&mut self, target: &str) -> Response {
        self.send(Call::navigate(target)).await
    }

    /// Submits a form of the site itself.
    pub async fn submit(&mut self, target: &str, fields: &[(&str, &str)]) -> Response {
        self.send(Call::submit(target, fields)).await
    }

    /// Calls an API with `fetch()`.
    pub async fn fetch(&mut self, method: &str, target: &str) -> Response {
        self.send(Call::fetch(method, target)).await
    }

    async fn connected(&mut self) -> Result<&mut Connection, Failure> {
        if let Some(connection) = &mut self.connection
            && !connection.is_usable().await
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(Connection::open(self.gate, self.protocol).await?);
        }
        Ok(self.connection.as_mut().expect("a connection that was just made"))
    }
}
