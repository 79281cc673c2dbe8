//! What operators ask the gateway itself: whether it is ready, and its counters.

use std::fmt::Write as _;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use tapgate_host::{Histogram, Host, Metric};

/// Answers on the admin address. Nothing there changes anything.
pub(crate) fn answer(
    request: &Request<Incoming>,
    health: impl FnOnce() -> Result<(), &'static str>,
    metrics: impl FnOnce() -> Option<String>,
) -> Response<Full<Bytes>> {
    const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    const TEXT: &str = "text/plain";
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, kind, text) = match request.uri().path() {
        _ if !reads => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET or HEAD\n".to_owned()),
        "/healthz" => match health() {
            Ok(()) => (StatusCode::OK, TEXT, "ok\n".to_owned()),
            Err(trouble) => (UNAVAILABLE, TEXT, format!("{trouble}\n")),
        },
        "/metrics" => match metrics() {
            Some(metrics) => (StatusCode::OK, "text/plain; version=0.0.4", metrics),
            None => (UNAVAILABLE, TEXT, "a policy is being loaded; ask again\n".to_owned()),
        },
        _ => (StatusCode::NOT_FOUND, TEXT, "/healthz and /metrics are here\n".to_owned()),
    };
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    answer
}

/// The filter's metrics in Prometheus' text format.
pub(crate) fn metrics(host: &Host) -> String {
    let mut text = String::new();
    for name in host.metrics() {
        let plain: String = name.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
        // Writing to a string does not fail.
        let _ = match host.metric(&name) {
            Some(Metric::Counter(count)) => writeln!(text, "# TYPE {plain}_total counter\n{plain}_total {count}"),
            Some(Metric::Gauge(value)) => writeln!(text, "# TYPE {plain} gauge\n{plain} {value}"),
            Some(Metric::Histogram(histogram)) => {
                let Histogram { count, sum } = histogram;
                writeln!(text, "# TYPE {plain} summary\n{plain}_sum {sum}\n{plain}_count {count}")
            }
            None => Ok(()),
        };
    }
    text
}
