//! `tapgate mint`: a signed pass, its link and a QR code of the link.

mod options;
mod show;
mod terms;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tapgate_core::names::{GroupId, KeyId};
use tapgate_core::pass::{self, MOST_GROUPS, PassClaims};
use tapgate_core::time::UnixSeconds;

use crate::error::Error;
use crate::exit::Exit;
use crate::link::Gate;
use crate::moment::Lifetime;
use crate::world::World;

pub(crate) use self::options::Options;
use self::show::Minted;
use self::terms::{LONGEST, LONGEST_WAIT, SHORTEST, Terms};

/// Why no pass was minted: what was asked for makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    /// No policy has such an issuer or audience.
    #[error(
        "`{text}` is no value for `{option}`: expected the policy's, 1 to 512 visible ASCII characters without spaces"
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
        Lifetime(SHORTEST),
        Lifetime(LONGEST)
    )]
    Lifetime { lifetime: Lifetime },
    /// No policy lets it wait so long.
    #[error(
        "the pass would start {wait} from now, and no policy allows more than {}; give an earlier `--start`",
        Lifetime(LONGEST_WAIT)
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

/// Mints a pass and shows it.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let now = world.now()?;
    let terms = Terms::agree(options.times(), now)?;
    let issuer = options.issuer(world)?;
    let audience = options.audience(world)?;
    let gate = match &options.gate {
        Some(gate) => gate.clone(),
        None => Gate::of_audience(&audience).ok_or_else(|| MintError::NoGate(audience.clone()))?,
    };
    let groups = groups(options)?;
    let id = match &options.id {
        Some(id) => id.as_str().to_owned(),
        None => URL_SAFE_NO_PAD.encode(world.random.bytes::<16>()?),
    };
    let claims = PassClaims {
        iss: &issuer,
        aud: &audience,
        sub: options.user.as_str(),
        jti: &id,
        iat: now.get(),
        nbf: terms.start.get(),
        exp: terms.end.get(),
        once: options.once,
        groups: groups.as_deref(),
    };
    let key_id = options.key.required_id(world)?;
    let pass = sign(options, &claims, key_id.clone(), world)?;
    let link = gate.link(&options.base_path, &pass);
    for doubt in terms.doubts(now) {
        world.warn(doubt);
    }
    let minted = Minted { pass: &pass, link: &link, claims: &claims, key_id: &key_id, terms: &terms };
    show::show(options, &minted, world)?;
    Ok(Exit::Done)
}

fn groups(options: &Options) -> Result<Option<Vec<String>>, MintError> {
    if options.group.len() > MOST_GROUPS {
        return Err(MintError::Groups(options.group.len()));
    }
    let named = options.no_groups || !options.group.is_empty();
    Ok(named.then(|| options.group.iter().map(GroupId::to_string).collect()))
}

/// The claims have been checked one by one by now, so that only their length is left to go wrong.
fn sign(options: &Options, claims: &PassClaims<'_>, id: KeyId, world: &mut World<'_>) -> Result<String, Error> {
    let ring = options.key.require(world)?.ring(id);
    let pass = ring.and_then(|ring| pass::mint(&ring, claims).ok());
    pass.ok_or_else(|| MintError::TooLong.into())
}
