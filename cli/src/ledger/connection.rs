//! Calls to one member of etcd, over HTTP/1.1 and perhaps TLS: bounded in time and size, a connection each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tapgate_core::ledger::etcd::{Answer, Call, MOST_BYTES, MOST_LINE_BYTES, Token};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Address;

/// Why a member gave no answer that tells anything.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("no connection")]
    Connect(#[source] io::Error),
    #[error("no TLS; is its certificate by `--cacert`, and for this host?")]
    Tls(#[source] io::Error),
    #[error("nothing within {0} s; is it one of a majority that runs?")]
    Late(u64),
    #[error("no HTTP answer; {}", if *.0 { "does it want `--cert` and `--key`?" } else { "is that etcd, and does it speak `http`?" })]
    Http(bool, #[source] hyper::Error),
    #[error("an answer of more than {0} bytes; is that etcd?")]
    TooLong(usize),
    #[error("the watch has broken off")]
    Cut,
    #[error("HTTP status {status}: {complaint}")]
    Status { status: u16, complaint: String },
    #[error("an answer that makes no sense in {0}; is that etcd 3.4 or later?")]
    Senseless(&'static str),
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
            Self::Connect(_) | Self::Late(_) | Self::Cut | Self::Http(..) => true,
            Self::Status { status, .. } => *status >= 500,
            Self::Tls(_) | Self::TooLong(_) | Self::Senseless(_) => false,
        }
    }
}

/// A member.
pub(super) struct Member {
    pub(super) address: Address,
    /// How to speak TLS, where the address says `https`.
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    /// How long a call may take.
    pub(super) limit: Duration,
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Member {
    /// Makes a call and reads its answer, of at most so many bytes.
    pub(super) async fn post(&self, call: Call, token: Option<&Token>, most: usize) -> Result<(u16, Vec<u8>), Trouble> {
        self.in_time(async {
            let answer = self.send(call, token).await?;
            self.whole(answer, most).await
        })
        .await
    }

    /// Makes a call whose answer does not end.
    pub(super) async fn stream(&self, call: Call, token: Option<&Token>) -> Result<Lines, Trouble> {
        self.in_time(async {
            let answer = self.send(call, token).await?;
            if answer.status() == 200 {
                let tls = self.address.tls;
                return Ok(Lines { body: answer.into_body(), held: Vec::new(), searched: 0, tls });
            }
            let (status, body) = self.whole(answer, MOST_BYTES).await?;
            Err(Trouble::of(Answer { status, body: &body }))
        })
        .await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        timeout(self.limit, work).await.unwrap_or(Err(Trouble::Late(self.limit.as_secs())))
    }

    async fn send(&self, call: Call, token: Option<&Token>) -> Result<Response<Incoming>, Trouble> {
        let connection = self.connect().await?;
        let failed = |error| Trouble::Http(self.address.tls, error);
        let (mut sender, driver) = handshake(TokioIo::new(connection)).await.map_err(failed)?;
        // What goes wrong with the connection is told to whoever waits for the answer.
        tokio::spawn(async { drop(driver.await) });
        // The body stays in memory that is wiped: it may hold a password.
        let mut request = Request::new(Full::new(Bytes::from_owner(call.body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = hyper::Uri::from_static(call.path);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(host) = HeaderValue::from_str(&self.address.authority()) {
            headers.insert(HOST, host);
        }
        if let Some(mut token) = token.and_then(|token| HeaderValue::from_str(token.header_value()).ok()) {
            token.set_sensitive(true);
            headers.insert(AUTHORIZATION, token);
        }
        sender.send_request(request).await.map_err(failed)
    }

    async fn connect(&self) -> Result<Box<dyn Io>, Trouble> {
        let Address { host, port, .. } = &self.address;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(Trouble::Connect)?;
        let Some(config) = &self.tls else { return Ok(Box::new(stream)) };
        let no_name = |error| Trouble::Tls(io::Error::new(io::ErrorKind::InvalidInput, error));
        let name = ServerName::try_from(host.clone()).map_err(no_name)?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(Trouble::Tls)?;
        Ok(Box::new(stream))
    }

    async fn whole(&self, answer: Response<Incoming>, most: usize) -> Result<(u16, Vec<u8>), Trouble> {
        let status = answer.status().as_u16();
        match Limited::new(answer.into_body(), most).collect().await {
            Ok(body) => Ok((status, body.to_bytes().into())),
            Err(error) if error.is::<LengthLimitError>() => Err(Trouble::TooLong(most)),
            Err(error) => Err(error.downcast().map_or(Trouble::Cut, |error| Trouble::Http(self.address.tls, *error))),
        }
    }
}

/// The lines of an answer that does not end.
pub(super) struct Lines {
    body: Incoming,
    held: Vec<u8>,
    /// How much of that has been looked at for a line's end.
    searched: usize,
    tls: bool,
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
                return Err(Trouble::TooLong(MOST_LINE_BYTES));
            }
            match self.body.frame().await {
                None => return Err(Trouble::Cut),
                Some(Err(error)) => return Err(Trouble::Http(self.tls, error)),
                Some(Ok(frame)) => self.held.extend_from_slice(&frame.into_data().unwrap_or_default()),
            }
        }
    }
}
