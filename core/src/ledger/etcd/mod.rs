//! The ledger in etcd v3, over its JSON gateway (7.5): what to send, and what an answer means. Bytes out, bytes in; no
//! call is made here.
//!
//! A question ([`Load`], [`Look`], [`Swap`], [`Grant`], [`Credentials`]) gives its [`Call`], and alone reads that call's
//! [`Answer`], so that no answer is ever read as another's. Every call is a `POST` with `content-type: application/json`;
//! where etcd wants users, with [`AUTHORIZATION`], but never that of [`Credentials`], which etcd refuses with a token that
//! has ended.
//!
//! # What is relied on
//! The shapes are those of etcd's `rpc.proto` and `kv.proto`, written as the gateway writes them (`server/embed/serve.go`:
//! names as in the proto, fields with their default left out), with protobuf's JSON mapping: bytes in padded standard
//! base64, 64-bit numbers as strings. A transaction is atomic and linearizable, and all of its puts have one revision.
//! Revisions only rise, so one stands for a version of a record, whoever wrote it. Paths begin with `/v3/` from 3.4 on.
//! Nobody on the way repeats a call; a swap that lost to itself because somebody did is told all the same.
//!
//! # What is never believed
//! An answer of more than [`MOST_BYTES`], JSON that does not read [strictly](crate::json::strict_to), a number that is not
//! canonical, a key that was not asked for, a revision of the future, more responses than were asked for: such a load is
//! [`Unavailable`](super::Unavailable), such a swap is [`Unknown`](super::SwapReply::Unknown), and the next load tells. Unknown
//! members are ignored, since later versions of etcd may have more.
//!
//! # What operators must know
//! - The user needs reading and writing on the policy's prefix, and nothing else. A lease is shared by what one worker writes
//!   for one policy: etcd refuses a put to whoever may not write all that hangs on its lease.
//! - A ledger's birth is as good as the clock of the gateway that began it.
//! - A cluster restored from a backup has forgotten what happened since. Delete what lies below the prefix then: a new
//!   ledger is born, and refuses the one-time passes that it cannot know.
//!
//! # Who asks
//! The plugin (`plugin/src/etcd`): it makes the calls, keeps a token and a lease a policy, rechecks sessions beside their
//! requests, and refuses where a recheck is overdue (7.5, 10.2). Operators, through `tapgate ledger`, ask besides what only
//! they need: a [`Range`] of records, and a [`Watch`] on them.

mod answer;
mod auth;
mod keyspace;
mod lease;
mod load;
mod request;
mod survey;
mod swap;
mod watch;

pub use auth::{Credentials, CredentialsError, NoToken, Token};
pub use keyspace::Keyspace;
pub use lease::{Grant, Lease, SHARED_FOR, SLACK};
pub use load::{Load, Look};
pub use survey::{Found, Kept, MOST_PAGE_BYTES, PAGE, Range, Unread};
pub use swap::{Swap, SwapAnswer};
pub use watch::{Cancelled, Happened, MOST_LINE_BYTES, Told, Watch};

use zeroize::Zeroizing;

/// The header that carries a [`Token`]: the token alone, without a scheme before it.
pub const AUTHORIZATION: &str = "authorization";

/// The largest answer that is read, in bytes. The largest that makes sense, two keys and a full record, has under 3 KiB.
pub const MOST_BYTES: usize = 16 << 10;

/// A call to be made. It may hold a password, so there is no `Debug`, and its body is wiped.
pub struct Call {
    /// `:path`.
    pub path: &'static str,
    /// JSON.
    pub body: Zeroizing<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// `:status`.
    pub status: u16,
    /// The body, whole.
    pub body: &'a [u8],
}

/// Why there is no record and no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// There is no token, or etcd no longer takes it: authenticate and ask again.
    Unauthenticated,
    /// etcd did not do it, or its answer makes no sense.
    Unavailable,
}
