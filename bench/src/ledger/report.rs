//! The results, as a table in Markdown and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::statistics::{Spread, multiples, part};

/// One sign-in, and one page of the session that came of it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From before the sign-in was sent to after its answer, as its browser sees it.
    pub sign_in: Duration,
    /// The calls to etcd that it made.
    pub calls_of_sign_in: u64,
    /// Likewise of the page.
    pub page: Duration,
    /// The calls to etcd that it made.
    pub calls_of_page: u64,
}

/// Everything that a run has found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// The version of Envoy.
    pub envoy: String,
    /// The processors of the machine.
    pub processors: usize,
    /// How many sign-ins were measured over each ledger.
    pub rounds: u32,
    /// What the orders of the rounds grew from.
    pub seed: u64,
    /// Each ledger's size in users, and what was measured over it, round by round.
    pub measured: Vec<(u32, Vec<Sample>)>,
}

/// What one size comes to. Times in milliseconds.
struct Row {
    users: u32,
    most_calls: u64,
    most_calls_of_page: u64,
    median: f64,
    ninety: f64,
    multiple: Spread,
    page: f64,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl Report {
    fn rows(&self) -> Vec<Row> {
        let times = |samples: &[Sample]| samples.iter().map(|sample| milliseconds(sample.sign_in)).collect::<Vec<_>>();
        let smallest = self.measured.first().map(|(_, samples)| times(samples)).unwrap_or_default();
        let row = |(users, samples): &(u32, Vec<Sample>)| {
            let own = times(samples);
            Some(Row {
                users: *users,
                most_calls: samples.iter().map(|sample| sample.calls_of_sign_in).max()?,
                most_calls_of_page: samples.iter().map(|sample| sample.calls_of_page).max()?,
                median: part(&own, 50)?,
                ninety: part(&own, 90)?,
                multiple: Spread::of(multiples(&own, &smallest))?,
                page: part(&samples.iter().map(|sample| milliseconds(sample.page)).collect::<Vec<_>>(), 50)?,
            })
        };
        self.measured.iter().filter_map(row).collect()
    }

    /// As a table.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let Self { envoy, processors, rounds, seed, .. } = self;
        let mut text = format!(
            "A sign-in over ledgers of different sizes, one member of etcd and one worker of Envoy {envoy} each: {rounds} rounds of \
             one sign-in\nof a user with a record and one page of that session for each size, orders from seed {seed}; \
             {} with {processors} processors.\nThe multiples are of the first size's in the same round, with the middle half in \
             brackets.\n\n| users with a record | calls of a sign-in, at most | median, ms | 90 %, ms | of the first's | \
             calls of a page, at most | a page, median, ms |\n| --- | --- | --- | --- | --- | --- | --- |\n",
            std::env::consts::ARCH
        );
        for row in self.rows() {
            let Row { users, most_calls, most_calls_of_page, median, ninety, multiple, page } = row;
            let Spread { lower, median: middle, upper } = multiple;
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {users} | {most_calls} | {median:.2} | {ninety:.2} | {middle:.2} ({lower:.2} to {upper:.2}) | {most_calls_of_page} | {page:.2} |"
            );
        }
        text
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { envoy, processors, rounds, seed, .. } = self;
        let rows = self.rows().into_iter().map(|row| {
            json!({
                "users": row.users,
                "mostCallsOfASignIn": row.most_calls,
                "milliseconds": {"median": row.median, "ninetyPercent": row.ninety},
                "multipleOfTheFirst": row.multiple.to_json(),
                "mostCallsOfAPage": row.most_calls_of_page,
                "pageMilliseconds": {"median": row.page},
            })
        });
        json!({
            "envoy": envoy, "processors": processors, "rounds": rounds, "seed": seed,
            "ledgers": rows.collect::<Vec<_>>(),
        })
    }
}
