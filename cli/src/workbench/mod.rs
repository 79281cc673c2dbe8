//! `tapgate workbench`: gives the policy workbench to a browser. The page has no network of its own, so this is all it ever gets.

mod files;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use self::files::{File, Page};
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  cargo xtask workbench && tapgate workbench       # then open the address that it prints
  tapgate workbench --page /usr/share/tapgate/workbench --listen 127.0.0.1:0
The page works from any other file server as well.";

/// Serve the policy workbench: a page that shows what a policy does before it does it
///
/// The page runs the gate's own rules in the browser: write a policy, see every error under its line and what the policy means in words,
/// tell a story step by step and see who could do what when, look into a pass. Nothing leaves it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The folder that `cargo xtask workbench` makes
    #[arg(long, value_name = "FOLDER", default_value = "target/workbench")]
    page: PathBuf,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
}

/// Why there is no workbench.
#[derive(Debug, thiserror::Error)]
enum WorkbenchError {
    #[error(
        "cannot read `{}`; make the page with `cargo xtask workbench`, or say with `--page` in which folder it is",
        .path.display()
    )]
    Page { path: PathBuf, source: io::Error },
    #[error("cannot listen on {address}; `--listen 127.0.0.1:0` takes any port that is free")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start to serve")]
    Machine(#[source] io::Error),
}

impl Failure for WorkbenchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Page { .. } => Exit::Unreadable,
            Self::Listen { .. } | Self::Machine(_) => Exit::Failed,
        }
    }
}

/// What every answer says. The page says the same of itself, for file servers that say nothing.
const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// How long a browser may take over the headers of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves until it is told to stop.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let page = Page::read(&options.page).map_err(|(path, source)| WorkbenchError::Page { path, source })?;
    if !options.listen.ip().is_loopback() {
        world.warn("whoever reaches this address can open the page; what they write there stays with them");
    }
    let runtime = Builder::new_current_thread().enable_all().build().map_err(WorkbenchError::Machine)?;
    runtime.block_on(serve(options, Arc::new(page), world))
}

async fn serve(options: &Options, page: Arc<Page>, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(WorkbenchError::Machine)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(WorkbenchError::Machine)?;
    let failed = |source| WorkbenchError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    world.print(format_args!("the workbench is at http://{address}/ until you stop it (Ctrl-C)"))?;
    world.flush()?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = terminate.recv() => return Ok(Exit::Done),
            _ = interrupt.recv() => return Ok(Exit::Done),
        };
        // A connection that is gone before it is taken is nobody's loss; out of files, the next one may be taken.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let page = Arc::clone(&page);
        let answer = service_fn(move |request| {
            let page = Arc::clone(&page);
            async move { Ok::<_, Infallible>(answer(&page, &request)) }
        });
        let mut connection = http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        // A browser that goes away in the middle has what it wanted.
        tokio::spawn(async move { drop(connection.serve_connection(TokioIo::new(stream), answer).await) });
    }
}

fn answer(page: &Page, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = match (request.method(), page.file(request.uri().path())) {
        (&Method::GET | &Method::HEAD, Some(file)) => found(file, request),
        (_, Some(_)) => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET this page\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        (_, None) => plain(StatusCode::NOT_FOUND, "there is nothing here; the workbench is at /\n"),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn found(file: &File, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let accepted = request.headers().get_all(ACCEPT_ENCODING).iter().any(|value| takes_gzip(value.as_bytes()));
    let compressed = file.compressed.as_ref().filter(|_| accepted);
    let mut response = Response::new(Full::new(compressed.unwrap_or(&file.bytes).clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if compressed.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether gzip is among what a browser takes (RFC 9110, 12.5.3); one that gives it no weight does not.
fn takes_gzip(accepted: &[u8]) -> bool {
    let text = std::str::from_utf8(accepted).unwrap_or_default();
    text.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_says_whether_it_takes_gzip() {
        for yes in ["gzip", "br, GZIP;q=0.5, deflate", "gzip; q=1.0"] {
            assert!(takes_gzip(yes.as_bytes()), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip;q=0.000", "xgzip", "\u{e9}"] {
            assert!(!takes_gzip(no.as_bytes()), "{no}");
        }
    }
}
