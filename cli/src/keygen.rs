//! `tapgate keygen`: fresh keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tapgate_core::names::KeyId;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Standard output has nothing but the keys, one a line.

Examples:
  tapgate keygen                               # one key
  export TAPGATE_PASS_KEY=$(tapgate keygen)    # into the environment
  (umask 077; tapgate keygen > pass.key)       # into a file only you can read
  tapgate keygen --json --id pass-1 --id gw-1 --id up-1    # what a policy needs";

/// Make fresh keys: 32 random bytes each, in base64
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Make a key that the policy will know by this id; once for each key
    #[arg(long, value_name = "ID", conflicts_with = "count")]
    id: Vec<KeyId>,
    /// How many keys to make
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    count: u8,
    /// Print JSON: {"keys": [{"id", "key"}]}, the id only where one was given
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Keys<'a> {
    keys: Vec<NamedKey<'a>>,
}

#[derive(Serialize)]
struct NamedKey<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    key: &'a str,
}

/// Prints the keys, and on standard error how to use them.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let ids: Vec<Option<&KeyId>> = if options.id.is_empty() {
        (0..options.count).map(|_| None).collect()
    } else {
        options.id.iter().map(Some).collect()
    };
    let mut keys = Vec::new();
    for id in ids {
        keys.push((id, fresh(world)?));
    }
    if options.json {
        let keys = keys.iter().map(|(id, key)| NamedKey { id: id.map(KeyId::as_str), key }).collect();
        world.print_json(&Keys { keys })?;
    } else {
        for (_, key) in &keys {
            world.print(key.as_str())?;
        }
    }
    explain(options, world);
    Ok(Exit::Done)
}

fn fresh(world: &mut World<'_>) -> Result<Zeroizing<String>, Error> {
    let bytes = Zeroizing::new(world.random.bytes::<32>()?);
    Ok(Zeroizing::new(STANDARD.encode(bytes.as_slice())))
}

fn explain(options: &Options, world: &mut World<'_>) {
    let id = options.id.first().map_or("pass-1", KeyId::as_str);
    world.note("a key is a secret: whoever has the pass key can mint passes, so it belongs in no shared file or log");
    world.note(format_args!(
        "put it into an environment variable of the proxy, and name that in the policy, as in `keys: {{pass: [{{id: {id}, env: TAPGATE_PASS_KEY}}]}}`"
    ));
    world.note("each purpose (pass, gateway, upstream) needs a key of its own");
}
