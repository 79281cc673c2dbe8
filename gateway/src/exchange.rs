//! One request and its answer: each part is shown to the filter, and what the filter lets go on goes on.
//!
//! Parts are passed on as they come, both ways at once. On the paths where the filter decides by the body, the application
//! sees nothing before the request is whole.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tapgate_host::{Headers, HostError, News, StreamHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::connection::Busy;
use crate::headers::{of_answer, of_request, of_trailers, to_answer, to_request, to_trailers, wants_upgrade};
use crate::lanes::{Gone, Lanes, Stream};
use crate::options::Options;
use crate::upstream::{Upstream, whole};

/// A body on its way.
pub(crate) type Body = BoxBody<Bytes, Cut>;

/// A body that ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cut off")]
pub(crate) struct Cut;

/// How many parts of a body may wait for a slow reader.
const WAITING: usize = 4;

/// What one configuration of the filter comes with.
pub(crate) struct Active {
    pub(crate) lanes: Arc<Lanes>,
    /// Where requests go on only once they are whole.
    pub(crate) buffered: Vec<String>,
    /// Likewise below these paths.
    pub(crate) buffered_below: Vec<String>,
}

impl Active {
    fn buffers(&self, path: &str) -> bool {
        self.buffered.iter().any(|exact| exact == path) || self.buffered_below.iter().any(|root| path.starts_with(root))
    }
}

/// What every exchange needs to know.
pub(crate) struct Exchanges {
    pub(crate) upstream: Upstream,
    pub(crate) options: Options,
    /// A permit for each byte of the bodies that are held until they are whole.
    held: Arc<Semaphore>,
}

/// What has gone on, towards the application and towards the client.
struct Step {
    up: News,
    down: News,
}

/// Lets something happen on a stream; gives what has gone on by then.
async fn step(
    stream: &Stream,
    happens: impl FnOnce(&mut StreamHandle<'_>) -> Result<(), HostError> + Send + 'static,
) -> Result<Step, Gone> {
    stream
        .with(move |stream| {
            happens(stream)?;
            Ok(Step { up: stream.take_upstream()?, down: stream.take_downstream()? })
        })
        .await
}

/// Why a request got no answer of the application's.
enum Failure {
    /// The filter has answered.
    Answered(News),
    /// The gateway has to, with this status and these details.
    Proxy(StatusCode, &'static str),
    /// There is no filter any more.
    Gone,
}

impl From<Gone> for Failure {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// The next part of a message.
enum Part {
    Data(Bytes, bool),
    Trailers(Headers),
    End,
}

/// Waits for the next part.
async fn next(body: &mut Incoming, idle: Duration) -> Result<Part, Cut> {
    let frame = match timeout(idle, body.frame()).await {
        Ok(Some(frame)) => frame.map_err(|_| Cut)?,
        Ok(None) => return Ok(Part::End),
        Err(_) => return Err(Cut),
    };
    match frame.into_data() {
        Ok(data) => Ok(Part::Data(data, body.is_end_stream())),
        Err(frame) => Ok(frame.trailers_ref().map_or(Part::End, |trailers| Part::Trailers(of_trailers(trailers)))),
    }
}

impl Exchanges {
    pub(crate) fn new(upstream: Upstream, options: Options) -> Self {
        let held = Arc::new(Semaphore::new(options.held_limit.min(Semaphore::MAX_PERMITS)));
        Self { upstream, options, held }
    }

    /// Answers a request. Its connection is busy with it until all that came of it has ended.
    pub(crate) async fn answer(
        self: Arc<Self>,
        active: Arc<Active>,
        mut request: Request<Incoming>,
        client: SocketAddr,
        secure: bool,
        busy: Busy,
    ) -> Response<Body> {
        let until = Instant::now().checked_add(self.options.stream_limit);
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let Ok(headers) = of_request(&head, client, secure) else { return plain(StatusCode::BAD_REQUEST) };
        let upgrade = wants_upgrade(&head.headers).then_some(upgrade);
        let Ok(stream) = active.lanes.open().await else { return plain(StatusCode::SERVICE_UNAVAILABLE) };
        let stream = Arc::new(stream);
        let buffered = head.method != Method::GET && active.buffers(head.uri.path());
        let until = until.unwrap_or_else(Instant::now);
        let exchange = Exchange { all: self, stream, client, until, busy: Arc::new(busy) };
        let failure = match timeout_at(until, exchange.carry(headers, body, buffered, upgrade)).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Proxy(StatusCode::REQUEST_TIMEOUT, "max_duration_timeout"),
        };
        exchange.answer_instead(failure).await
    }
}

/// One of them.
struct Exchange {
    all: Arc<Exchanges>,
    stream: Arc<Stream>,
    client: SocketAddr,
    /// When it is cut off, whatever it is doing.
    until: Instant,
    busy: Arc<Busy>,
}

impl Exchange {
    async fn carry(
        &self,
        headers: Headers,
        mut body: Incoming,
        buffered: bool,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Response<Body>, Failure> {
        let (client, end) = (self.client.to_string(), body.is_end_stream());
        let begun = step(&self.stream, move |stream| {
            stream.property(&["source", "address"], client)?;
            stream.request_headers(headers, end)?;
            Ok(())
        });
        let mut up = answered_or(begun.await?)?;
        // Until its headers have gone on there is nobody to pass the body on to.
        let mut held = None;
        while !up.complete && (buffered || up.headers.is_none()) {
            let more = self.feed(&mut body, &mut held).await?;
            up.headers = up.headers.or(more.headers);
            up.body.extend_from_slice(&more.body);
            up.trailers = up.trailers.or(more.trailers);
            up.complete = more.complete;
            if up.body.len() > self.all.options.buffer_limit {
                return Err(Failure::Proxy(StatusCode::PAYLOAD_TOO_LARGE, "request_payload_too_large"));
            }
        }
        let malformed = || Failure::Proxy(StatusCode::NOT_FOUND, "route_not_found");
        let headers = up.headers.take().ok_or_else(malformed)?;
        let head = to_request(&headers, self.all.upstream.address()).map_err(|_| malformed())?;
        let (early, mut replied) = watch::channel(None::<News>);
        let to_application = if up.complete && up.trailers.is_none() {
            drop(early);
            whole(up.body)
        } else {
            let (pump, body_there) = self.pump();
            tokio::spawn(self.bounded(pump.request(up, body, early)));
            body_there
        };
        let request = head.body(to_application).map_err(|_| malformed())?;
        let mut answer = pin!(self.all.upstream.send(request));
        let gone = async { replied.wait_for(Option::is_some).await.ok().and_then(|down| down.clone()) };
        let answer = tokio::select! {
            answer = &mut answer => Ok(answer),
            early = gone => match early {
                Some(down) => return Err(Failure::Answered(down)),
                // All of the request has gone: from here on the application is what is waited for.
                None => timeout(self.all.options.answer_timeout, answer).await,
            },
        };
        match answer {
            Ok(Ok(answer)) => self.pass_back(answer, upgrade).await,
            Ok(Err(error)) => {
                // What broke it may have been the filter's own reply, which was there before.
                if let Some(down) = replied.borrow().clone() {
                    return Err(Failure::Answered(down));
                }
                tracing::warn!("the application cannot be reached: {error}");
                Err(Failure::Proxy(StatusCode::SERVICE_UNAVAILABLE, "upstream_reset_before_response_started"))
            }
            Err(_) => Err(Failure::Proxy(StatusCode::GATEWAY_TIMEOUT, "upstream_response_timeout")),
        }
    }

    /// Shows the next part of the request to the filter. It is held from here on, for which there has to be room.
    async fn feed(&self, body: &mut Incoming, held: &mut Option<OwnedSemaphorePermit>) -> Result<News, Failure> {
        let part = next(body, self.all.options.idle_timeout).await;
        let part = part.map_err(|Cut| Failure::Proxy(StatusCode::REQUEST_TIMEOUT, "stream_idle_timeout"))?;
        if let Part::Data(data, _) = &part {
            let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.all.held).try_acquire_many_owned(size);
            let room = room.map_err(|_| Failure::Proxy(StatusCode::SERVICE_UNAVAILABLE, "overload"))?;
            match held {
                Some(held) => held.merge(room),
                None => *held = Some(room),
            }
        }
        answered_or(show_request(&self.stream, part).await?)
    }

    /// Passes the application's answer on.
    async fn pass_back(
        &self,
        mut answer: Response<Incoming>,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Response<Body>, Failure> {
        let switching = StatusCode::SWITCHING_PROTOCOLS;
        let asked = upgrade.filter(|_| answer.status() == switching);
        if answer.status() == switching && asked.is_none() {
            return Err(Failure::Proxy(StatusCode::BAD_GATEWAY, "upstream_protocol_error"));
        }
        let upgraded = asked.map(|client| (client, hyper::upgrade::on(&mut answer)));
        let (head, mut body) = answer.into_parts();
        let end = body.is_end_stream();
        let headers = of_answer(head.status, &head.headers);
        let mut down = step(&self.stream, move |stream| stream.response_headers(headers, end).map(drop)).await?.down;
        while down.headers.is_none() {
            let part = next(&mut body, self.all.options.idle_timeout).await;
            let part = part.map_err(|Cut| Failure::Proxy(StatusCode::BAD_GATEWAY, "upstream_reset"))?;
            let more = show_answer(&self.stream, part).await?.down;
            down = News { body: [down.body, more.body].concat(), ..more };
        }
        let malformed = || Failure::Proxy(StatusCode::BAD_GATEWAY, "upstream_protocol_error");
        let headers = down.headers.take().ok_or_else(malformed)?;
        let head = to_answer(&headers).map_err(|_| malformed())?;
        let still = headers.get(":status").as_deref() == Some(switching.as_str());
        if let Some((client, application)) = upgraded.filter(|_| still) {
            let stream = Arc::clone(&self.stream);
            tokio::spawn(self.bounded(tunnel(client, application, stream)));
            return head.body(whole(Bytes::new())).map_err(|_| malformed());
        }
        if down.complete && down.trailers.is_none() {
            return head.body(whole(down.body)).map_err(|_| malformed());
        }
        let (pump, body_there) = self.pump();
        tokio::spawn(self.bounded(pump.answer(down, body)));
        head.body(body_there).map_err(|_| malformed())
    }

    /// What passes a body on, and the body at its other end.
    fn pump(&self) -> (Pump, Body) {
        let (sender, channel) = Channel::new(WAITING);
        let pump = Pump { stream: Arc::clone(&self.stream), sender, idle: self.all.options.idle_timeout };
        (pump, channel.boxed())
    }

    /// Answers in the application's place.
    async fn answer_instead(&self, failure: Failure) -> Response<Body> {
        let news = match failure {
            Failure::Answered(news) => Ok(news),
            Failure::Gone => step(&self.stream, |_| Ok(())).await.map(|step| step.down),
            Failure::Proxy(status, details) => {
                let status = status.as_u16();
                let asked =
                    step(&self.stream, move |stream| stream.proxy_answer(status, Headers::new(), details).map(drop));
                asked.await.map(|step| step.down)
            }
        };
        let answer = news.ok().and_then(|news| {
            let head = to_answer(news.headers.as_ref()?).ok()?;
            head.body(whole(news.body)).ok()
        });
        // Whatever was in the way: without an answer that the filter has let through there is none.
        answer.unwrap_or_else(|| plain(StatusCode::SERVICE_UNAVAILABLE))
    }

    /// Bounds what goes on after the head of the answer: no request lasts longer than the limit. Its connection is busy
    /// meanwhile.
    fn bounded(&self, work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> + Send + 'static {
        let (until, busy) = (self.until, Arc::clone(&self.busy));
        async move {
            if timeout_at(until, work).await.is_err() {
                tracing::debug!("a request lasted too long and was cut off");
            }
            drop(busy);
        }
    }
}

/// What has gone on to the application, unless the filter has answered.
fn answered_or(step: Step) -> Result<News, Failure> {
    if step.down.headers.is_some() { Err(Failure::Answered(step.down)) } else { Ok(step.up) }
}

async fn show_request(stream: &Stream, part: Part) -> Result<Step, Gone> {
    step(stream, move |stream| {
        match part {
            Part::Data(data, end) => stream.request_body(data, end)?,
            Part::Trailers(trailers) => stream.request_trailers(trailers)?,
            Part::End => stream.request_body([], true)?,
        };
        Ok(())
    })
    .await
}

async fn show_answer(stream: &Stream, part: Part) -> Result<Step, Gone> {
    step(stream, move |stream| {
        match part {
            Part::Data(data, end) => stream.response_body(data, end)?,
            Part::Trailers(trailers) => stream.response_trailers(trailers)?,
            Part::End => stream.response_body([], true)?,
        };
        Ok(())
    })
    .await
}

/// Passes a body on, part by part.
struct Pump {
    stream: Arc<Stream>,
    sender: Sender<Bytes, Cut>,
    idle: Duration,
}

impl Pump {
    /// The request's body. If the filter answers meanwhile, that goes to `early`.
    async fn request(mut self, mut news: News, mut body: Incoming, early: watch::Sender<Option<News>>) {
        while self.pass(&mut news).await {
            let Ok(part) = next(&mut body, self.idle).await else { break };
            let Ok(step) = show_request(&self.stream, part).await else { break };
            if step.down.headers.is_some() {
                early.send_replace(Some(step.down));
                break;
            }
            news = step.up;
        }
        self.end(&news);
    }

    /// The answer's body.
    async fn answer(mut self, mut news: News, mut body: Incoming) {
        while self.pass(&mut news).await {
            let Ok(part) = next(&mut body, self.idle).await else { break };
            let Ok(step) = show_answer(&self.stream, part).await else { break };
            news = step.down;
        }
        self.end(&news);
    }

    /// Passes on what has gone on; gives whether there is more to come.
    async fn pass(&mut self, news: &mut News) -> bool {
        let data = std::mem::take(&mut news.body);
        if !data.is_empty() && self.sender.send_data(data.into()).await.is_err() {
            return false;
        }
        if let Some(trailers) = news.trailers.take()
            && self.sender.send(Frame::trailers(to_trailers(&trailers))).await.is_err()
        {
            return false;
        }
        !news.complete && !news.aborted
    }

    /// A body without its end is cut off, so that nobody takes it for whole.
    fn end(self, news: &News) {
        if !news.complete {
            self.sender.abort(Cut);
        }
    }
}

/// Passes bytes between the client and the application until either stops.
async fn tunnel(client: OnUpgrade, application: OnUpgrade, _stream: Arc<Stream>) {
    if let (Ok(client), Ok(application)) = (client.await, application.await) {
        let (mut client, mut application) = (TokioIo::new(client), TokioIo::new(application));
        drop(tokio::io::copy_bidirectional(&mut client, &mut application).await);
    }
}

/// An answer of the gateway's own that no filter has seen: to what was no request, or while it stops.
fn plain(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer
}
