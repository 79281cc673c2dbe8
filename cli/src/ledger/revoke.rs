//! `tapgate ledger revoke`: takes back all passes of a user, or one pass, and says when every gateway obeys.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tapgate_core::audit::{AuditEvent, Kind, Origin, Outcome, Who};
use tapgate_core::directory::Found;
use tapgate_core::ledger::{PassRevoked, Record, RecordName, Revoke, RevokePass};
use tapgate_core::names::{Identity, PassId, UserName};
use tapgate_core::pass::{Expected, SignedPass};
use tapgate_core::refusal::Refusal;
use tapgate_core::time::{Seconds, UnixSeconds};
use tokio::time::sleep;

use super::change::{Changed, make};
use super::error::LedgerError;
use super::options::Place;
use super::report::{PassReport, SessionReport};
use super::site::{PassKeys, Site};
use crate::error::Error;
use crate::exit::Exit;
use crate::input;
use crate::moment::{Relative, Words};
use crate::world::World;

const EXAMPLES: &str = "\
All passes of a user are revoked up to now and the policy's clock skew beyond; a new one has to be issued after that. With \
`--pass` that pass is, and whatever was issued before it; a newer one stands. Both end sessions. Running it again does no harm.

Examples:
  tapgate ledger revoke --policy policy.yaml --user alice@example.com
  tapgate ledger revoke --policy policy.yaml --user alice@example.com --wait && echo every gateway obeys
  tapgate ledger revoke --policy policy.yaml --pass - < pass.txt";

/// How often `--wait` says how long it takes.
const TELL_EVERY: u64 = 10;

/// A gateway looks at its clock in whole seconds, and so is now told here: either may be a second behind.
const ROUNDING: Seconds = Seconds::new(2);

/// Revoke all passes of a user, or one pass
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["user", "pass"]))]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Whose passes, by id or user principal name
    #[arg(long, short, value_name = "USER")]
    user: Option<UserName>,
    /// File that holds the pass or its link, or - for standard input
    #[arg(long, value_name = "FILE")]
    pass: Option<PathBuf>,
    /// Wait until every gateway obeys
    #[arg(long)]
    wait: bool,
    /// Print JSON: {tenant, user, revoked, refusedBefore, ended, floor, inUseObeyedBy, obeyedBy}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    tenant: String,
    user: String,
    /// Whether this run changed anything.
    revoked: bool,
    /// Why the pass was refused already, where it was.
    refused_before: Option<&'static str>,
    ended: Ended,
    /// Of what was issued up to here, nothing is accepted.
    floor: Option<String>,
    in_use_obeyed_by: String,
    obeyed_by: String,
}

#[derive(Serialize)]
struct Ended {
    pass: Option<PassReport>,
    sessions: Vec<SessionReport>,
}

/// What was revoked, whichever way.
struct Revoked {
    identity: Identity,
    /// The one pass, if it was one.
    pass: Option<PassId>,
    before: Option<Record>,
    after: Option<Record>,
    refused_before: Option<Refusal>,
}

/// When it is obeyed.
struct Obeyed {
    /// By gateways that reach etcd, for sessions in use.
    in_use: UnixSeconds,
    /// By every gateway, for every session.
    everywhere: UnixSeconds,
}

impl Obeyed {
    /// A session that was looked at right before is believed for the recheck; one that nobody uses meanwhile, or whose gateway
    /// does not reach etcd, for the grace besides (7.5, 10.2).
    fn by(site: &Site, now: UnixSeconds) -> Self {
        let in_use = now.plus(site.recheck).plus(ROUNDING);
        Self { in_use, everywhere: in_use.plus(site.grace) }
    }
}

pub(super) async fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let keys = if options.pass.is_some() { PassKeys::Real } else { PassKeys::StoodInFor };
    let mut site = Site::open(&options.place, keys, world)?;
    let revoked = match (&options.user, &options.pass) {
        (Some(user), _) => all_of(&mut site, user, world).await?,
        (None, Some(pass)) => one(&mut site, pass, world).await?,
        // The command line has been checked for this.
        (None, None) => return Ok(Exit::Usage),
    };
    // From when the answer is here: a gateway may have looked right before etcd wrote.
    let now = world.clock()?;
    let obeyed = Obeyed::by(&site, now);
    audit(&site, &revoked, now, world);
    if options.json {
        json(&site, &revoked, &obeyed, now, world)?;
    } else {
        text(&revoked, &obeyed, now, world)?;
    }
    if options.wait {
        world.flush()?;
        wait(obeyed.everywhere, world).await?;
    }
    Ok(Exit::Done)
}

async fn all_of(site: &mut Site, user: &UserName, world: &mut World<'_>) -> Result<Revoked, Error> {
    let identity = site.identity(user, world)?;
    let name = RecordName::of(&site.policy.tenant, &identity);
    let event = Revoke { skew: site.policy.clock_skew, longest_from_issue: site.policy.longest_from_issue() };
    let Changed { before, after, .. } = make(site, name, &identity, event, world).await?;
    Ok(Revoked { identity, pass: None, before, after, refused_before: None })
}

async fn one(site: &mut Site, path: &PathBuf, world: &mut World<'_>) -> Result<Revoked, Error> {
    let text = read(path, world)?;
    let expected = Expected { issuer: &site.policy.issuer, audience: &site.policy.audience };
    let pass = SignedPass::new(text.as_bytes()).authenticate(&site.policy.pass_keys, expected);
    let pass = pass.map_err(LedgerError::NotAuthentic)?;
    if pass.issued > world.clock()?.plus(site.policy.clock_skew) {
        return Err(LedgerError::IssuedAhead(pass.issued).into());
    }
    let identity = match site.policy.directory.find(&pass.user) {
        Found::AtHand(Some(known)) => known.identity,
        Found::AtHand(None) => return Err(LedgerError::UnknownUser(pass.user).into()),
        // A pass names its user by id or by name, and there is nobody here to say which.
        Found::Elsewhere(_) => return Err(LedgerError::PassOfAName(pass.user).into()),
    };
    let name = RecordName::of(&site.policy.tenant, &identity);
    let longest_from_issue = site.policy.longest_from_issue();
    let event = RevokePass { id: pass.id.clone(), issued: pass.issued, end: pass.end, longest_from_issue };
    let Changed { outcome, before, after } = make(site, name, &identity, event, world).await?;
    Ok(match outcome {
        PassRevoked::Now => Revoked { identity, pass: Some(pass.id), before, after, refused_before: None },
        PassRevoked::Before(refusal) => {
            Revoked { identity, pass: Some(pass.id), before: None, after: None, refused_before: Some(refusal) }
        }
    })
}

/// The pass in a file, or on standard input.
fn read(path: &PathBuf, world: &mut World<'_>) -> Result<String, Error> {
    if path.as_os_str() == "-" {
        return input::read(None, world);
    }
    let failed = |source| LedgerError::Read { path: path.clone(), source };
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(input::MOST_BYTES as u64).read_to_string(&mut text)).map_err(failed)?;
    input::read(Some(&OsString::from(text.trim())), world)
}

/// The line that gateways write of such things, on standard error.
fn audit(site: &Site, revoked: &Revoked, now: UnixSeconds, world: &mut World<'_>) {
    let event = AuditEvent {
        time: now,
        kind: Kind::Revocation,
        outcome: revoked.refused_before.map_or(Outcome::Done, |refusal| Outcome::Ignored(refusal.name())),
        tenant: Some(site.policy.tenant.clone()),
        who: Who::User(revoked.identity.clone()),
        pass: revoked.pass.clone().or_else(|| revoked.before.as_ref()?.pass.as_ref().map(|pass| pass.id.clone())),
        session: None,
        took: None,
        administration: None,
    };
    world.complain_as_is(event.line(Origin::default()));
}

fn text(revoked: &Revoked, obeyed: &Obeyed, now: UnixSeconds, world: &mut World<'_>) -> Result<(), Error> {
    let Revoked { identity, pass, before, after, refused_before } = revoked;
    match (pass, refused_before) {
        (None, _) => world.print(format_args!("revoked   all passes of {identity}"))?,
        (Some(pass), None) => world.print(format_args!("revoked   the pass {pass} of {identity}"))?,
        (Some(pass), Some(refusal)) => {
            world.print(format_args!(
                "revoked   nothing: the pass {pass} of {identity} was refused already ({refusal})"
            ))?;
        }
    }
    if let Some(after) = after {
        match before.as_ref().and_then(|before| before.pass.as_ref()) {
            Some(pass) => world.print(format_args!("ended     the pass {}, which stood", pass.id))?,
            None => world.print("ended     no pass stood")?,
        }
        let sessions = before.as_ref().map(|before| before.sessions.as_slice()).unwrap_or_default();
        for session in sessions.iter().filter(|session| now < session.end) {
            world.print(format_args!("ended     the session {}, which had until {}", session.id, session.end))?;
        }
        world.print(format_args!(
            "floor     {}: what was issued up to then is refused, what is issued later is not",
            after.floor
        ))?;
    }
    let told = |moment: UnixSeconds| format!("{moment}, {}", Relative { moment, now });
    world.print("sign-ins  refused from now on, at every gateway")?;
    world.print(format_args!("sessions  in use end by {}, where gateways reach etcd", told(obeyed.in_use)))?;
    world.print(format_args!("obeyed    by every gateway for every session by {}", told(obeyed.everywhere)))
}

fn json(site: &Site, revoked: &Revoked, obeyed: &Obeyed, now: UnixSeconds, world: &mut World<'_>) -> Result<(), Error> {
    let before = revoked.before.as_ref();
    let live = before.into_iter().flat_map(|before| &before.sessions).filter(|session| now < session.end);
    world.print_json(&Report {
        tenant: site.policy.tenant.to_string(),
        user: revoked.identity.to_string(),
        revoked: revoked.after.is_some(),
        refused_before: revoked.refused_before.map(Refusal::name),
        ended: Ended {
            pass: before.and_then(|before| before.pass.as_ref()).map(PassReport::of),
            sessions: live.map(|session| SessionReport::of(session, now)).collect(),
        },
        floor: revoked.after.as_ref().map(|after| after.floor.to_string()),
        in_use_obeyed_by: obeyed.in_use.to_string(),
        obeyed_by: obeyed.everywhere.to_string(),
    })
}

async fn wait(until: UnixSeconds, world: &mut World<'_>) -> Result<(), Error> {
    let mut told: Option<UnixSeconds> = None;
    loop {
        let now = world.clock()?;
        if now >= until {
            world.note(format_args!("every gateway obeys since {until}"));
            return Ok(());
        }
        // A log is told once; a person sees it go on.
        if told.is_none_or(|told| world.watched && now.since(told).get() >= TELL_EVERY) {
            world.note(format_args!("waiting until {until}, {} to go", Words(until.since(now))));
            told = Some(now);
        }
        sleep(Duration::from_millis(200)).await;
    }
}
