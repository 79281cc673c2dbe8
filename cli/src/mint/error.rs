//! Why no pass is minted, with the mend.

use tapgate_core::pass::MOST_GROUPS;
use tapgate_core::policy::shape;
use tapgate_core::time::UnixSeconds;

use crate::error::Failure;
use crate::exit::Exit;
use crate::moment::Lifetime;

use super::bounds;

/// Why no pass was minted: what was asked for makes no sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum MintError {
    /// No policy has such an issuer or audience.
    #[error(
        "`{text}` is no value for `{option}`: expected the policy's, 1 to {} visible ASCII characters without spaces",
        shape::ISSUER.most
    )]
    Text { option: &'static str, text: String },
    /// It would be over before it began.
    #[error("the pass would end at {end}, not after its start at {start}; give a later `--end`")]
    EndBeforeStart { start: UnixSeconds, end: UnixSeconds },
    /// It would be over already.
    #[error("the pass would have ended at {end}, before now; give a later `--end`, or a later `--start`")]
    Ended { end: UnixSeconds },
    /// No policy can allow it.
    #[error(
        "the pass would be valid for {lifetime}, and no policy allows that: it has to be between {} and {}; change `--lifetime`, `--start` or `--end`",
        Lifetime(bounds::SHORTEST),
        Lifetime(bounds::LONGEST)
    )]
    Lifetime { lifetime: Lifetime },
    /// No policy lets it wait so long.
    #[error(
        "the pass would start {wait} from now, and no policy allows more than {}; give an earlier `--start`",
        Lifetime(bounds::LONGEST_WAIT)
    )]
    Wait { wait: Lifetime },
    /// More groups than a pass may claim.
    #[error(
        "a pass names at most {MOST_GROUPS} groups, and `--group` is given {0} times; leave out those that the policy does not ask for"
    )]
    Groups(usize),
    /// The claims do not fit.
    #[error("the pass would be longer than the 4096 bytes that a gate looks at; give fewer or shorter `--group`s")]
    TooLong,
    /// The link would lead nowhere.
    #[error("the audience `{0}` is no host name, so the link's address is not known; give `--gate https://HOST`")]
    NoGate(String),
    /// A QR code was asked for and cannot be drawn.
    #[error(
        "the link has {0} bytes, more than a QR code holds; give fewer or shorter `--group`s, or leave out the QR code"
    )]
    NoQrCode(usize),
}

impl Failure for MintError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
