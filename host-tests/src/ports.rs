//! Ports for what is killed and started again in its place: nobody may take them while it is away.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below those that systems give to outgoing connections, any of which could take the place of a listener that is away.
const RANGE: std::ops::Range<u16> = 10_000..30_000;

/// So many ports of loopback that are free, all different.
///
/// # Panics
/// If there are not so many.
#[must_use]
pub fn free(count: usize) -> Vec<SocketAddr> {
    let first = fastrand::u16(RANGE);
    let all = (first..RANGE.end).chain(RANGE.start..first);
    // Held at once, so that nobody else who looks for some gets the same.
    let held: Vec<_> = all.filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()).take(count).collect();
    assert_eq!(held.len(), count, "loopback has no ports left");
    held.iter().map(|port| port.local_addr().expect("an address")).collect()
}
