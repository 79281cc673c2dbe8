//! Questions to Envoy's admin interface.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use crate::client::{Call, Connection, Protocol, Response};

/// Whether Envoy takes requests.
pub(super) async fn is_ready(admin: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(admin, Protocol::Http1).await else {
        return false;
    };
    let answer = connection.send(Call::get("/ready").request(Protocol::Http1, "admin")).await;
    answer.is_ok_and(|answer| answer.status == 200)
}

/// The address of the one listener.
pub(super) async fn listener(admin: SocketAddr) -> SocketAddr {
    let text = text(admin, "/listeners?format=json").await;
    let listeners: Value = serde_json::from_str(&text).expect("listeners as JSON");
    let socket = listeners
        .pointer("/listener_statuses/0/local_address/socket_address")
        .unwrap_or_else(|| panic!("no listener in {text}"));
    let address = socket["address"].as_str().expect("an address");
    format!("{address}:{}", socket["port_value"]).parse().expect("an address and a port")
}

/// Counters and gauges whose name matches `filter`.
pub(super) async fn stats(admin: SocketAddr, filter: &str) -> BTreeMap<String, u64> {
    let text = text(admin, &format!("/stats?type=All&filter={filter}")).await;
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect()
}

/// The text at `path`, which must be there.
async fn text(admin: SocketAddr, path: &str) -> String {
    let answer = get(admin, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// The answer to a GET.
pub(super) async fn get(admin: SocketAddr, path: &str) -> Response {
    let mut connection = Connection::open(admin, Protocol::Http1).await.expect("the admin interface answers");
    connection.send(Call::get(path).request(Protocol::Http1, "admin")).await.expect("an answer")
}
