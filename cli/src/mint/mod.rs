//! `tapgate mint`: a signed pass, its link and a QR code of the link.

mod bounds;
mod error;
mod options;
mod show;
mod terms;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tapgate_core::names::{GroupId, KeyId};
use tapgate_core::pass::{self, MOST_GROUPS, PassClaims};

use crate::error::Error;
use crate::exit::Exit;
use crate::link::Gate;
use crate::world::World;

use self::error::MintError;
pub(crate) use self::options::Options;
use self::show::Minted;
use self::terms::Terms;

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
