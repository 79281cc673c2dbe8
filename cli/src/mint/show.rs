//! How a minted pass is shown: to a person at a terminal, to a pipe, or as JSON.

use serde::Serialize;
use tapgate_core::names::KeyId;
use tapgate_core::pass::PassClaims;

use crate::error::Error;
use crate::moment::{Lifetime, Relative};
use crate::qr::{self, Drawing};
use crate::world::World;

use super::error::MintError;
use super::options::{Options, Part};
use super::terms::Terms;

/// What there is to show.
pub(super) struct Minted<'a> {
    pub(super) pass: &'a str,
    pub(super) link: &'a str,
    pub(super) claims: &'a PassClaims<'a>,
    pub(super) key_id: &'a KeyId,
    pub(super) terms: &'a Terms,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    pass: &'a str,
    link: &'a str,
    id: &'a str,
    user: &'a str,
    issuer: &'a str,
    audience: &'a str,
    key_id: &'a str,
    issued: String,
    start: String,
    end: String,
    /// Rounded down: a start or an end given to the second may leave a part of a minute over.
    lifetime_in_minutes: u64,
    once: bool,
    groups: Option<&'a [String]>,
}

/// Shows what was asked for; without a wish, all of it to a person, and pass and link to a pipe.
pub(super) fn show(options: &Options, minted: &Minted<'_>, world: &mut World<'_>) -> Result<(), Error> {
    if options.json {
        return json(minted, world);
    }
    match options.print {
        Some(Part::Pass) => world.print(minted.pass),
        Some(Part::Link) => world.print(minted.link),
        Some(Part::Qr) => draw(&drawing(minted)?, world),
        None => {
            // Before anything is printed, so that a QR code that cannot be drawn leaves nothing half done.
            let wanted = if options.qr { Some(drawing(minted)?) } else { drawing_for_screen(minted, world) };
            if world.screen.is_some() {
                for_a_person(minted, world)?;
            } else {
                world.print(minted.pass)?;
                world.print(minted.link)?;
            }
            wanted.map_or(Ok(()), |drawing| draw(&drawing, world))
        }
    }
}

fn json(minted: &Minted<'_>, world: &mut World<'_>) -> Result<(), Error> {
    let claims = minted.claims;
    world.print_json(&Json {
        pass: minted.pass,
        link: minted.link,
        id: claims.jti,
        user: claims.sub,
        issuer: claims.iss,
        audience: claims.aud,
        key_id: minted.key_id.as_str(),
        issued: world.now()?.to_string(),
        start: minted.terms.start.to_string(),
        end: minted.terms.end.to_string(),
        lifetime_in_minutes: minted.terms.lifetime().get() / 60,
        once: claims.once,
        groups: claims.groups,
    })
}

fn for_a_person(minted: &Minted<'_>, world: &mut World<'_>) -> Result<(), Error> {
    let now = world.now()?;
    let Minted { claims, terms, .. } = minted;
    let relative = |moment| Relative { moment, now };
    world.print(format_args!("user      {}", claims.sub))?;
    world.print(format_args!("use       {}", if claims.once { "one-time" } else { "multi-use" }))?;
    world.print(format_args!("starts    {}, {}", terms.start, relative(terms.start)))?;
    world.print(format_args!("ends      {}, {}", terms.end, relative(terms.end)))?;
    world.print(format_args!("lifetime  {}", Lifetime(terms.lifetime())))?;
    world.print(format_args!("id        {}", claims.jti))?;
    match claims.groups {
        Some([]) => world.print("groups    none")?,
        Some(groups) => world.print(format_args!("groups    {}", groups.join(", ")))?,
        None => {}
    }
    world.print("")?;
    world.print("The pass:")?;
    world.print(minted.pass)?;
    world.print("")?;
    world.print("The link that carries it (whoever has it can sign in as the user):")?;
    world.print(minted.link)
}

fn drawing(minted: &Minted<'_>) -> Result<Drawing, MintError> {
    qr::draw(minted.link).ok_or(MintError::NoQrCode(minted.link.len()))
}

/// The drawing, if standard output is a terminal that has room for it; a broken one is of no use.
fn drawing_for_screen(minted: &Minted<'_>, world: &mut World<'_>) -> Option<Drawing> {
    let screen = world.screen?;
    let Some(drawing) = qr::draw(minted.link) else {
        world.note("the link is longer than a QR code holds, so none is drawn");
        return None;
    };
    match screen.columns {
        Some(columns) if columns < drawing.columns => {
            let needed = drawing.columns;
            world.note(format_args!(
                "the QR code needs {needed} columns and the terminal has {columns}, so none is drawn (`--qr` draws it all the same)"
            ));
            None
        }
        _ => Some(drawing),
    }
}

fn draw(drawing: &Drawing, world: &mut World<'_>) -> Result<(), Error> {
    drawing.lines.iter().try_for_each(|line| world.print_white_on_black(line))
}
