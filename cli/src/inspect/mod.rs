//! `tapgate inspect`: looks inside a pass without trusting it and, with a key, verifies it.

mod show;
mod verdict;

use std::ffi::OsString;

use tapgate_cases::inspect::Form;
use tapgate_core::names::KeyId;

use crate::error::Error;
use crate::exit::Exit;
use crate::input;
use crate::key::KeyOptions;
use crate::world::World;

use self::verdict::Verdict;

const EXAMPLES: &str = "\
Without a key nothing is verified: what is shown is what somebody wrote, and exit code 0 says only that it has the form of \
a pass. With a key (by an option, or TAPGATE_PASS_KEY in the environment) exit code 0 says that the pass is authentic and in \
time, give or take the 30 s of clock skew that gates allow. Issuer, audience and key id are checked if they are given. What \
only a gate knows (its policy, whether the pass has been used or taken back) is not looked at.

An argument can be seen by every user of the machine: hand over a pass that is still good on standard input.

Examples:
  tapgate inspect                        # then paste the pass or the link
  tapgate inspect < pass.txt
  tapgate inspect --no-key --json < pass.txt | jq .claims
  tapgate mint --user alice@example.com --print pass | tapgate inspect
  tapgate inspect --key-file pass.key --key-id pass-1 \\
      --issuer https://gate.example.com --audience gate.example.com < pass.txt";

/// Look inside a pass without trusting it and, with a key, verify it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The pass, or the link that carries it; - or nothing reads standard input
    #[arg(value_name = "PASS")]
    pass: Option<OsString>,

    #[command(flatten)]
    key: KeyOptions,
    /// Look inside only, even if there is a key in the environment
    #[arg(long, conflicts_with_all = ["key_env", "key_file", "key_id"], help_heading = "Key")]
    no_key: bool,
    /// The `issuer` that the pass must come from [env: TAPGATE_ISSUER]
    #[arg(long, value_name = "ISSUER", help_heading = "Key")]
    issuer: Option<String>,
    /// The `audience` that the pass must be meant for [env: TAPGATE_AUDIENCE]
    #[arg(long, value_name = "AUDIENCE", help_heading = "Key")]
    audience: Option<String>,

    /// Print JSON: {verified, refusal, explanation, checked, time, issued, start, end, defects, header, claims}
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// What the pass is held against; each part is checked only if it is there.
struct Expectations {
    key_id: Option<KeyId>,
    issuer: Option<String>,
    audience: Option<String>,
}

/// Says what is in the pass and what is to be thought of it.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let now = world.now()?;
    let key = if options.no_key { None } else { options.key.find(world)? };
    let expectations = Expectations {
        key_id: options.key.id(world)?,
        issuer: or_variable(options.issuer.as_ref(), "TAPGATE_ISSUER", world)?,
        audience: or_variable(options.audience.as_ref(), "TAPGATE_AUDIENCE", world)?,
    };
    let text = input::read(options.pass.as_deref(), world)?;
    let form = Form::of(&text);
    let verdict = Verdict::on(&text, &form, key, &expectations, now);
    if options.json {
        show::json(&form, &verdict, world)?;
    } else {
        show::text(&form, &verdict, now, world)?;
    }
    Ok(if verdict.refusal().is_some() { Exit::Findings } else { Exit::Done })
}

fn or_variable(given: Option<&String>, variable: &'static str, world: &World<'_>) -> Result<Option<String>, Error> {
    given.map_or_else(|| world.variable(variable), |text| Ok(Some(text.clone())))
}
