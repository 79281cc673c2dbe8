//! Runs the example application on loopback, behind the gate of `examples/envoy`. What it does is in the library.
#![expect(clippy::print_stderr, reason = "a program says where it listens")]

use std::env;
use std::error::Error;
use std::net::SocketAddr;

use tapgate_example_app::application;
use tapgate_example_app::gate::Gate;

/// Where `examples/envoy/envoy.yaml` looks for the application.
const LISTEN: &str = "127.0.0.1:10001";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = env::var("TAPGATE_UPSTREAM_KEY")
        .map_err(|_| "set TAPGATE_UPSTREAM_KEY to the key that the gate signs assertions with (base64)")?;
    let gate = Gate::new(
        &setting("TAPGATE_ISSUER", "https://gate.example.com"),
        &setting("TAPGATE_AUDIENCE", "gate.example.com"),
        &[(&setting("TAPGATE_UPSTREAM_KEY_ID", "up-1"), &key)],
    )?;
    let address: SocketAddr = setting("TAPGATE_APP_LISTEN", LISTEN).parse()?;
    if !address.ip().is_loopback() {
        // Whoever reaches the application past the proxy is not confined by it.
        return Err(format!("`{address}` is not a loopback address").into());
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("the example application listens on http://{}", listener.local_addr()?);
    axum::serve(listener, application(gate)).await?;
    Ok(())
}

/// An environment variable, or what holds without it.
fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}
