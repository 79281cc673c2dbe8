//! Calls to a server over HTTP/1.1 and perhaps TLS: bounded in time and size, a connection each. What is asked, and what an answer
//! means, is for others to say; redirections are answers like any other.

mod server;
mod trust;

pub(crate) use self::server::{Answer, Server, Trouble};
pub(crate) use self::trust::Trust;
