//! `tapgate-storm`: two gates over one etcd in a storm of faults, for as long as one likes.
//!
//! `cargo xtask storm` makes everything ready and starts this. What happens is in the library, `storm`; here is only what a
//! person says and sees.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a storm talks to the person who started it")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tapgate_host_tests::storm::{self, Options};

/// Seconds of an hour.
const HOUR: f64 = 3600.0;

/// One-time passes raced for over two Envoys while etcd and the gates die, come back, and get slow.
#[derive(Parser)]
struct Arguments {
    /// How many passes are raced for at least
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    passes: u32,
    /// How many hours it goes on at least, whatever the number of passes
    #[arg(long, value_name = "H", default_value_t = 0.0, value_parser = hours)]
    hours: f64,
    /// What the schedule of faults grows from; without it, something new, which is told
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours: f64 = text.parse().map_err(|_| "not a number of hours".to_owned())?;
    if (0.0..=1000.0).contains(&hours) { Ok(hours) } else { Err("0 to 1000 hours".to_owned()) }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { passes, hours, seed } = Arguments::parse();
    let Ok(seed) = seed.map_or_else(getrandom::u64, Ok) else {
        eprintln!("error: the system has no randomness");
        return ExitCode::FAILURE;
    };
    let Ok(passes) = usize::try_from(passes) else { return ExitCode::FAILURE };
    eprintln!("==> three members of etcd, two Envoys with two workers each, on loopback; seed {seed}");
    let options = Options { passes, lasts: Duration::from_secs_f64(hours * HOUR), seed };
    let report = storm::run(options, |text| eprintln!("==> {text}")).await;
    print!("{report}");
    if report.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
