//! The other side of the gate: browsers with a cookie jar, programs that call an API, and bytes as an attacker sends them.

mod browser;
mod call;
mod connection;
mod jar;
pub mod raw;
mod response;

pub use browser::Browser;
pub use call::Call;
pub use connection::{Connection, Failure, Protocol};
pub use jar::{Jar, SetCookie};
pub use response::Response;
