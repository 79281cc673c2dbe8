//! The application: a pool of connections to one address.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::error::GatewayError;
use crate::exchange::Body;

/// How long a connection may lie idle.
const IDLE: Duration = Duration::from_secs(60);

/// The application behind the gateway.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client<HttpConnector, Body>,
    address: Uri,
}

impl Upstream {
    pub(crate) fn new(address: &str, connect_timeout: Duration) -> Result<Self, GatewayError> {
        let wrong = || GatewayError::Upstream(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let plain = uri.scheme_str() == Some("http") && uri.authority().is_some() && matches!(uri.path(), "" | "/");
        if !plain || uri.query().is_some() {
            return Err(wrong());
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect_timeout));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { client, address: uri })
    }

    pub(crate) const fn address(&self) -> &Uri {
        &self.address
    }

    pub(crate) async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.client.request(request).await
    }
}

/// A body of these bytes.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    http_body_util::Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}
