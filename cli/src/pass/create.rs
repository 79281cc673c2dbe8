//! `tapgate pass create`: a code to be typed, on the screen and on a sheet to hand over.

use serde_json::{Map, Value};
use tapgate_core::time::Seconds;

use super::error::PassError;
use super::options::{ONE_CALL, Place};
use super::sheet::{self, Output, Sheet, SheetOptions};
use super::show;
use super::words::Language;
use super::zone::in_words;
use crate::error::Error;
use crate::exit::Exit;
use crate::link::Gate;
use crate::moment::{Span, When};
use crate::world::World;

const EXAMPLES: &str = "\
What is left out, the gateway's policy decides. A user has one pass: a new one takes the place of the former, whose code opens nothing \
any more.

Examples, with a token in TAPGATE_ADMIN_TOKEN:
  tapgate pass create --gateway https://gate.example.com --user alice@example.com
  tapgate pass create --gateway https://gate.example.com --user alice@example.com --once --lifetime 8h
  tapgate pass create --gateway https://gate.example.com --user alice@example.com \\
      --sheet alice.html --policy policy.yaml --zone +01:00
  tapgate pass create --gateway https://gate.example.com --user alice@example.com --sheet - | lp";

/// The longest reason that a gateway takes, in bytes.
const MOST_REASON: usize = 128;

/// Issue a pass: prints its code, this once
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// How long the pass is valid, in minutes or as in 45m, 8h, 2d, 1h30m
    #[arg(long, short, value_name = "SPAN")]
    lifetime: Option<Span>,
    /// When it starts: `now`, a span from now such as +2h, or a time (RFC 3339)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<When>,
    /// Make it a one-time pass: one browser can use it, once
    #[arg(long, conflicts_with = "multi_use")]
    once: bool,
    /// Make it a multi-use pass, where the policy allows that
    #[arg(long)]
    multi_use: bool,
    /// Why, for the audit log; some policies want it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where the person signs in: scheme and host [default: the host of the policy's audience, or the gateway]
    #[arg(long, value_name = "URL", help_heading = "Output")]
    gate: Option<Gate>,
    /// Print Graph's object, code included, as JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    sheet: SheetOptions,
}

pub(super) async fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let body = options.body(world)?;
    if let Some(reason) = &options.reason {
        check(reason)?;
    }
    let site = options.place.door.open(ONE_CALL, world)?;
    let sign_in = site.sign_in(options.gate.as_ref(), &options.place.door);
    // Before anything is issued, so that no code is lost for want of a place to put it.
    let mut output = options.sheet.output()?;
    let qr = sheet::qr(&sign_in)?;
    if options.json && matches!(output, Some(Output::Standard)) {
        return Err(PassError::TwoOutputs.into());
    }
    let (pass, json) = site.api.of(&options.place.user).create(&body, options.reason.as_deref()).await?;
    match (&output, options.json) {
        (_, true) => world.print_json(&json)?,
        (Some(Output::Standard), _) => {}
        _ => show::created(&options.place.user, &pass, &sign_in, world)?,
    }
    if let Some(output) = output.take() {
        let now = world.now()?;
        let place = sheet::Place::of(&options.sheet, site.policy.as_ref(), &sign_in, &qr);
        let local = |moment| options.sheet.zone.map(|zone| in_words(moment, Some(zone)));
        let sheet = Sheet::of(place, Language::English, (&options.place.user, &pass), local, now);
        output.deliver(&sheet.html()?, world)?;
    }
    Ok(Exit::Done)
}

pub(crate) fn check(reason: &str) -> Result<(), PassError> {
    let trimmed = reason.trim();
    let fits = (1..=MOST_REASON).contains(&trimmed.len()) && !trimmed.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(PassError::Reason) }
}

impl Options {
    /// What the gateway is asked for.
    fn body(&self, world: &World<'_>) -> Result<Value, Error> {
        let mut body = Map::new();
        // `now` is the gateway's, not this machine's.
        if let Some(start) = self.start.filter(|start| *start != When::After(Seconds::new(0))) {
            body.insert("startDateTime".to_owned(), start.from(world.now()?).to_string().into());
        }
        if let Some(Span(lifetime)) = self.lifetime {
            if !lifetime.get().is_multiple_of(60) {
                return Err(PassError::Seconds.into());
            }
            body.insert("lifetimeInMinutes".to_owned(), (lifetime.get() / 60).into());
        }
        if self.once || self.multi_use {
            body.insert("isUsableOnce".to_owned(), self.once.into());
        }
        Ok(Value::Object(body))
    }
}
