//! `tapgate-bench`: measures what the plugin costs and tells it as tables, or as JSON.
//!
//! `cargo xtask bench` makes everything ready and starts this. Here is only what a person says and sees.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to the person who runs it")]

use std::process::ExitCode;

use clap::Parser;
use tapgate_bench::{Options, ledger, run};

/// What the plugin costs, beside other filters.
#[derive(Parser)]
struct Arguments {
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
    /// What a sign-in costs as a ledger in etcd grows, instead
    #[arg(long)]
    ledger: bool,
    /// How often each path is measured
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// The requests of one measurement
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,
    /// What the orders of the rounds grow from; without it, something new, which is told
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

// One thread for client and application, so that the worker that is measured has a processor to itself where there are two.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { json, ledger, rounds, requests, seed } = Arguments::parse();
    let say = |text: &str| eprintln!("==> {text}");
    let told = if ledger {
        let report = ledger::run(&ledger::SIZES, rounds, seed, say).await;
        report.map(|report| (report.to_json(), report.to_markdown()))
    } else {
        let report = run(Options { rounds, requests, seed }, say).await;
        report.map(|report| (report.to_json(), report.to_markdown()))
    };
    match told {
        Ok((document, _)) if json => println!("{document:#}"),
        Ok((_, tables)) => print!("{tables}"),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
