//! Bodies that the harness sends, as a client or as the application: whole, or in pieces with pauses and trailers.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// A body ready for hyper.
pub(crate) type Boxed = BoxBody<Bytes, Infallible>;

/// The body of a message.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// None at all.
    #[default]
    Empty,
    /// All at once, with its length.
    Whole(Bytes),
    /// In pieces (chunked on HTTP/1.1), each after a pause, then trailers.
    Pieces {
        /// The pieces.
        pieces: Vec<Bytes>,
        /// The pause before each.
        pause: Duration,
        /// Trailers, if any.
        trailers: HeaderMap,
    },
}

impl Body {
    /// All at once.
    #[must_use]
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(bytes.into())
    }

    /// In pieces of `size`.
    #[must_use]
    pub fn chunked(bytes: impl AsRef<[u8]>, size: usize) -> Self {
        let pieces = bytes.as_ref().chunks(size).map(Bytes::copy_from_slice).collect();
        Self::Pieces { pieces, pause: Duration::ZERO, trailers: HeaderMap::new() }
    }

    /// Waits before each piece, and before the end.
    #[must_use]
    pub fn slowly(mut self, time: Duration) -> Self {
        let Self::Pieces { pause, .. } = &mut self else {
            panic!("only pieces have pauses between them");
        };
        *pause = time;
        self
    }

    /// Ends with one more trailer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let Self::Pieces { trailers, .. } = &mut self else {
            panic!("only a body in pieces has trailers");
        };
        let name: HeaderName = name.parse().expect("a header name");
        trailers.append(name, HeaderValue::from_bytes(value.as_ref()).expect("a header value"));
        self
    }

    /// The names of the trailers, which HTTP/1.1 wants announced in a `Trailer` field.
    pub(crate) fn announced(&self) -> Option<String> {
        let Self::Pieces { trailers, .. } = self else {
            return None;
        };
        let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The body as hyper sends it. Pieces are fed by a task of their own.
    pub(crate) fn boxed(self) -> Boxed {
        match self {
            Self::Empty => Empty::new().boxed(),
            Self::Whole(bytes) => Full::new(bytes).boxed(),
            Self::Pieces { pieces, pause, trailers } => {
                let (mut sender, channel) = Channel::new(1);
                tokio::spawn(async move {
                    for piece in pieces {
                        tokio::time::sleep(pause).await;
                        if sender.send_data(piece).await.is_err() {
                            return; // the other side has lost interest
                        }
                    }
                    tokio::time::sleep(pause).await;
                    if !trailers.is_empty() {
                        drop(sender.send_trailers(trailers).await);
                    }
                });
                channel.boxed()
            }
        }
    }
}
