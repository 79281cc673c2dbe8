//! The page as any file server gives it: nothing but files, no header that the page leans on.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::IntoResponse;
use tokio::net::TcpListener;

/// The files of the page.
pub(crate) const NAMES: [&str; 3] = ["index.html", "workbench.css", "workbench.js"];

/// Serves a folder on loopback, for as long as the test runs.
pub(crate) async fn served(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(move |uri: Uri| {
        let folder = folder.clone();
        async move {
            let wanted = uri.path().trim_start_matches('/');
            let name = NAMES.into_iter().find(|name| *name == wanted || (wanted.is_empty() && *name == "index.html"));
            let Some(name) = name else { return StatusCode::NOT_FOUND.into_response() };
            let kind = match name.rsplit_once('.') {
                Some((_, "js")) => "text/javascript",
                Some((_, "css")) => "text/css",
                _ => "text/html",
            };
            let bytes = std::fs::read(folder.join(name)).expect("a file of the page");
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
