//! Calls to one member of etcd.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use tapgate_core::ledger::etcd::{Answer, Call, MOST_BYTES, MOST_LINE_BYTES, Token};

use super::address::Address;
use crate::http::{self, Server};

/// Why a member gave no answer that tells anything.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{}{}", .0, hint(.0))]
    Wire(#[from] http::Trouble),
    #[error("the watch has broken off")]
    Cut,
    #[error("HTTP status {status}: {complaint}")]
    Status { status: u16, complaint: String },
    #[error("an answer that makes no sense in {0}; is that etcd 3.4 or later?")]
    Senseless(&'static str),
}

/// What may be the matter, etcd being asked.
fn hint(trouble: &http::Trouble) -> &'static str {
    match trouble {
        http::Trouble::Late(_) => "; is it one of a majority that runs?",
        http::Trouble::TooLong(_) => "; is that etcd?",
        http::Trouble::Http("https", _) => "; does it want `--cert` and `--key`?",
        http::Trouble::Http(..) => "; is that etcd, and does it speak `http`?",
        http::Trouble::Connect(_) | http::Trouble::Tls(_) | http::Trouble::Cut => "",
    }
}

impl Trouble {
    /// What an answer other than 200 says.
    pub(super) fn of(answer: Answer<'_>) -> Self {
        if answer.status == 200 {
            return Self::Senseless("its body");
        }
        let complaint = answer.complaint().unwrap_or_else(|| "nothing said; is that etcd?".to_owned());
        Self::Status { status: answer.status, complaint: complaint.chars().take(256).collect() }
    }

    /// Whether it may be over in a moment, as when a member has died.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Wire(http::Trouble::Tls(_) | http::Trouble::TooLong(_)) | Self::Senseless(_) => false,
            Self::Wire(_) | Self::Cut => true,
            Self::Status { status, .. } => *status >= 500,
        }
    }
}

/// A member.
pub(super) struct Member {
    pub(super) address: Address,
    pub(super) server: Server,
}

impl Member {
    /// Makes a call and reads its answer, of at most so many bytes.
    pub(super) async fn post(&self, call: Call, token: Option<&Token>, most: usize) -> Result<(u16, Vec<u8>), Trouble> {
        let answer = self.server.call(request(call, token), most).await?;
        Ok((answer.status, answer.body))
    }

    /// Makes a call whose answer does not end.
    pub(super) async fn stream(&self, call: Call, token: Option<&Token>) -> Result<Lines, Trouble> {
        let server = &self.server;
        server
            .in_time(async {
                let answer = server.send(request(call, token)).await?;
                if answer.status() == 200 {
                    let scheme = server.scheme();
                    return Ok(Lines { body: answer.into_body(), held: Vec::new(), searched: 0, scheme });
                }
                let http::Answer { status, body } = server.whole(answer, MOST_BYTES).await?;
                Err(Trouble::of(Answer { status, body: &body }))
            })
            .await
    }
}

fn request(call: Call, token: Option<&Token>) -> Request<Full<Bytes>> {
    // The body stays in memory that is wiped: it may hold a password.
    let mut request = Request::new(Full::new(Bytes::from_owner(call.body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = hyper::Uri::from_static(call.path);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(mut token) = token.and_then(|token| HeaderValue::from_str(token.header_value()).ok()) {
        token.set_sensitive(true);
        headers.insert(AUTHORIZATION, token);
    }
    request
}

/// The lines of an answer that does not end.
pub(super) struct Lines {
    body: Incoming,
    held: Vec<u8>,
    /// How much of that has been looked at for a line's end.
    searched: usize,
    scheme: &'static str,
}

impl Lines {
    /// The next line. Whoever does not wait for it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            let new = self.held.get(self.searched..).unwrap_or_default();
            if let Some(end) = new.iter().position(|byte| *byte == b'\n') {
                let rest = self.held.split_off(self.searched.saturating_add(end).saturating_add(1));
                self.searched = 0;
                return Ok(std::mem::replace(&mut self.held, rest));
            }
            self.searched = self.held.len();
            if self.held.len() > MOST_LINE_BYTES {
                return Err(http::Trouble::TooLong(MOST_LINE_BYTES).into());
            }
            match self.body.frame().await {
                None => return Err(Trouble::Cut),
                Some(Err(error)) => return Err(http::Trouble::Http(self.scheme, error).into()),
                Some(Ok(frame)) => self.held.extend_from_slice(&frame.into_data().unwrap_or_default()),
            }
        }
    }
}
