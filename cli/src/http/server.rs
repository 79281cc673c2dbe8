//! A server, and one call to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Why a call had no answer. Never shows any of what was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("no connection")]
    Connect(#[source] io::Error),
    #[error("no TLS; is its certificate by `--cacert`, and for this host?")]
    Tls(#[source] io::Error),
    #[error("nothing within {0} s")]
    Late(u64),
    #[error("no HTTP answer")]
    Http(&'static str, #[source] hyper::Error),
    #[error("an answer of more than {0} bytes")]
    TooLong(usize),
    #[error("the answer has broken off")]
    Cut,
}

impl Trouble {
    /// Whether the call may have arrived all the same.
    pub(crate) fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::Connect(_) | Self::Tls(_))
    }
}

/// Where calls go.
pub(crate) struct Server {
    /// A name or an IP address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What `Host` says.
    pub(crate) authority: String,
    /// How to speak TLS, where it is spoken.
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    /// How long a call may take.
    pub(crate) limit: Duration,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Server {
    /// Makes a call and reads its answer, of at most so many bytes.
    pub(crate) async fn call(&self, request: Request<Full<Bytes>>, most: usize) -> Result<Answer, Trouble> {
        self.in_time(async {
            let answer = self.send(request).await?;
            self.whole(answer, most).await
        })
        .await
    }

    /// Does all of it in the time that a call may take.
    pub(crate) async fn in_time<T, E: From<Trouble>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let late = || Trouble::Late(self.limit.as_secs()).into();
        timeout(self.limit, work).await.unwrap_or_else(|_| Err(late()))
    }

    /// Makes a call and waits for its answer's head.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Trouble> {
        let connection = self.connect().await?;
        let failed = |error| Trouble::Http(self.scheme(), error);
        let (mut sender, driver) = handshake(TokioIo::new(connection)).await.map_err(failed)?;
        // What goes wrong with the connection is told to whoever waits for the answer.
        tokio::spawn(async { drop(driver.await) });
        if let Ok(host) = HeaderValue::from_str(&self.authority) {
            request.headers_mut().insert(HOST, host);
        }
        sender.send_request(request).await.map_err(failed)
    }

    async fn connect(&self) -> Result<Box<dyn Io>, Trouble> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(Trouble::Connect)?;
        let Some(config) = &self.tls else { return Ok(Box::new(stream)) };
        let no_name = |error| Trouble::Tls(io::Error::new(io::ErrorKind::InvalidInput, error));
        let name = ServerName::try_from(self.host.clone()).map_err(no_name)?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(Trouble::Tls)?;
        Ok(Box::new(stream))
    }

    /// Reads an answer to its end.
    pub(crate) async fn whole(&self, answer: Response<Incoming>, most: usize) -> Result<Answer, Trouble> {
        let status = answer.status().as_u16();
        match Limited::new(answer.into_body(), most).collect().await {
            Ok(body) => Ok(Answer { status, body: body.to_bytes().into() }),
            Err(error) if error.is::<LengthLimitError>() => Err(Trouble::TooLong(most)),
            Err(error) => Err(error.downcast().map_or(Trouble::Cut, |error| Trouble::Http(self.scheme(), *error))),
        }
    }

    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
