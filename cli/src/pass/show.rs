//! A pass for a person.

use tapgate_core::names::UserName;
use tapgate_core::time::UnixSeconds;

use super::method::{Method, grouped};
use crate::error::Error;
use crate::moment::{Lifetime, Relative};
use crate::world::World;

/// A pass that has just been issued: its code is told this once.
pub(super) fn created(user: &UserName, pass: &Method, sign_in: &str, world: &mut World<'_>) -> Result<(), Error> {
    if let Some(code) = &pass.code {
        world.print(format_args!("code      {}", zeroize::Zeroizing::new(grouped(code).join(" ")).as_str()))?;
    }
    world.print(format_args!("sign in   {sign_in}"))?;
    method(user, pass, world)
}

/// A pass without its code.
pub(super) fn method(user: &UserName, pass: &Method, world: &mut World<'_>) -> Result<(), Error> {
    let now = world.now()?;
    let when = |moment: UnixSeconds| format!("{moment}, {}", Relative { moment, now });
    world.print(format_args!("user      {user}"))?;
    world.print(format_args!("use       {}", if pass.once { "one-time" } else { "multi-use" }))?;
    world.print(format_args!("starts    {}", when(pass.start)))?;
    world.print(format_args!("ends      {}", when(pass.end)))?;
    world.print(format_args!("lifetime  {}", Lifetime(pass.end.since(pass.start))))?;
    world.print(format_args!("created   {}", when(pass.created)))?;
    world.print(format_args!("usable    {}, {}", if pass.usable { "yes" } else { "no" }, pass.reason))?;
    world.print(format_args!("id        {}", pass.id))
}
