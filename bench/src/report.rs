//! The results: as tables in Markdown for people, as JSON for programs. Both tell the same numbers.

use serde_json::{Value, json};

use crate::client::CONNECTIONS;
use crate::metered::Work;
use crate::path::{Path, Proxy};
use crate::rounds::Samples;
use crate::statistics::{Spread, added, multiples};

/// Under which terms it was measured.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The version of Envoy.
    pub envoy: String,
    /// The processors of the machine.
    pub processors: usize,
    /// How often each path was measured.
    pub rounds: u32,
    /// The requests of one measurement.
    pub requests: u32,
    /// The Envoys of each kind, between which the rounds changed.
    pub fleets: u32,
    /// What the orders of the rounds grew from.
    pub seed: u64,
}

/// The bytes that a filter takes.
#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    /// Under which Envoy.
    pub proxy: Proxy,
    /// The module's file.
    pub module: Option<u64>,
    /// The linear memory of the largest VM before the first request.
    pub loaded: Option<u64>,
    /// Likewise after the last.
    pub used: Option<u64>,
    /// What the whole process has resident after the last.
    pub resident: u64,
}

/// Everything that a run has found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// Under which terms.
    pub terms: Terms,
    /// The CPU time of each path under Envoy.
    pub samples: Samples,
    /// The work of each path under the wasmtime host.
    pub work: Vec<(Path, Work)>,
    /// What each filter takes.
    pub footprints: Vec<Footprint>,
}

/// What a path's CPU time comes to.
struct Cost {
    path: Path,
    /// Nanoseconds per request.
    whole: Spread,
    /// What is there only for a path that has a baseline.
    added: Option<Added>,
}

/// What a path costs more than its baseline.
struct Added {
    nanoseconds: Spread,
    of_noop: Spread,
    of_jwt_authn: Spread,
}

impl Report {
    fn costs(&self) -> Vec<Cost> {
        Path::ALL.iter().filter_map(|path| self.cost(*path)).collect()
    }

    fn cost(&self, path: Path) -> Option<Cost> {
        let whole = Spread::of(self.samples.of(path).iter().copied())?;
        let added = self.added(path).and_then(|values| {
            let of = |unit| Spread::of(multiples(&values, &self.added(unit)?));
            Some(Added {
                of_noop: of(Path::Noop)?,
                of_jwt_authn: of(Path::JwtAuthn)?,
                nanoseconds: Spread::of(values.iter().copied())?,
            })
        });
        Some(Cost { path, whole, added })
    }

    /// What a path costs more than its baseline, round by round.
    fn added(&self, path: Path) -> Option<Vec<f64>> {
        Some(added(self.samples.of(path), self.samples.of(path.baseline()?)))
    }

    /// For people, and for the README.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        [self.cpu_table(), self.work_table(), self.memory_table()].join("\n")
    }

    fn cpu_table(&self) -> String {
        let Terms { envoy, processors, rounds, requests, fleets, seed } = &self.terms;
        let machine = format!("{} with {processors} processors", std::env::consts::ARCH);
        let mut lines = vec![
            format!(
                "CPU time of one worker of Envoy {envoy} per request, beyond the same request without a filter. Medians of \
                 {rounds} rounds, compared within each round, with the middle half of the rounds in brackets; {requests} \
                 requests a round and path over {CONNECTIONS} connections, {fleets} Envoys of each kind, orders from seed {seed}; \
                 {machine}."
            ),
            String::new(),
            row(["", "of the no-op filter's", "of `jwt_authn`'s", "added, µs", "all of it, µs"]),
            row(["---"; 5]),
        ];
        for Cost { path, whole, added } in self.costs() {
            let whole = shown(microseconds(whole), 1);
            let [noop, jwt_authn, more] = added.map_or_else(Default::default, |added| {
                [shown(added.of_noop, 2), shown(added.of_jwt_authn, 2), shown(microseconds(added.nanoseconds), 1)]
            });
            lines.push(row([path.title(), &noop, &jwt_authn, &more, &whole]));
        }
        text(&lines)
    }

    fn work_table(&self) -> String {
        let mut lines = vec![
            "Work per request under the wasmtime host, the same on every machine but for a per mille of random ids: fuel is \
             about one unit an instruction, 200 a host call and one a byte copied; the bytes are those that the host has the \
             module allocate for what it hands over (what the module allocates for itself cannot be seen from outside)."
                .to_owned(),
            String::new(),
            row(["", "fuel", "of the no-op filter's", "host calls", "bytes"]),
            row(["---"; 5]),
        ];
        for (path, work) in &self.work {
            let [fuel, calls, bytes] = [work.fuel, work.host_calls, work.allocated].map(|number| number.to_string());
            let of_noop = format!("{:.1}", self.fuel_of_noop(work));
            lines.push(row([path.title(), &fuel, &of_noop, &calls, &bytes]));
        }
        text(&lines)
    }

    /// Fuel as a multiple of the no-op filter's.
    fn fuel_of_noop(&self, work: &Work) -> f64 {
        let noop = self.work.iter().find(|(path, _)| *path == Path::Noop);
        noop.map_or(f64::INFINITY, |(_, noop)| work.fuel as f64 / noop.fuel as f64)
    }

    fn memory_table(&self) -> String {
        let mut lines = vec![
            "Sizes in KiB. Linear memory is that of the largest VM (there is one a worker, and the main thread has its \
             own); resident is the whole Envoy."
                .to_owned(),
            String::new(),
            row(["", "module", "linear memory, loaded", "after the run", "resident, after the run"]),
            row(["---"; 5]),
        ];
        for Footprint { proxy, module, loaded, used, resident } in &self.footprints {
            let [module, loaded, used, resident] = [*module, *loaded, *used, Some(*resident)]
                .map(|bytes| bytes.map_or_else(String::new, |bytes| bytes.div_ceil(1024).to_string()));
            lines.push(row([proxy.title(), &module, &loaded, &used, &resident]));
        }
        text(&lines)
    }

    /// For programs. Times are in nanoseconds, sizes in bytes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Terms { envoy, processors, rounds, requests, fleets, seed } = &self.terms;
        let cpu = self.costs().into_iter().map(|Cost { path, whole, added }| {
            let of = |spread: fn(&Added) -> Spread| added.as_ref().map(|added| spread(added).to_json());
            json!({
                "path": path.id(),
                "baseline": path.baseline().map(Path::id),
                "addedOfNoop": of(|added| added.of_noop),
                "addedOfJwtAuthn": of(|added| added.of_jwt_authn),
                "added": of(|added| added.nanoseconds),
                "whole": whole.to_json(),
                "rounds": self.samples.of(path),
            })
        });
        let work = self.work.iter().map(|(path, work)| {
            let Work { fuel, host_calls, allocated } = work;
            let of_noop = self.fuel_of_noop(work);
            json!({"path": path.id(), "fuel": fuel, "fuelOfNoop": of_noop, "hostCalls": host_calls, "bytes": allocated})
        });
        let footprints = self.footprints.iter().map(|footprint| {
            let Footprint { proxy, module, loaded, used, resident } = footprint;
            let memory = json!({"loaded": loaded, "afterTheRun": used});
            json!({"proxy": proxy.id(), "module": module, "linearMemory": memory, "resident": resident})
        });
        json!({
            "terms": {
                "envoy": envoy,
                "architecture": std::env::consts::ARCH,
                "processors": processors,
                "rounds": rounds,
                "requests": requests,
                "envoysOfEachKind": fleets,
                "connections": CONNECTIONS,
                "seed": seed,
            },
            "cpu": cpu.collect::<Vec<_>>(),
            "work": work.collect::<Vec<_>>(),
            "memory": footprints.collect::<Vec<_>>(),
        })
    }
}

fn microseconds(nanoseconds: Spread) -> Spread {
    nanoseconds.scaled(1e-3)
}

/// A row of a table in Markdown.
fn row(cells: [&str; 5]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// Lines, each with its end.
fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// `2.03 (1.91 to 2.20)`. What noise has made infinite is told as such.
fn shown(spread: Spread, digits: usize) -> String {
    let number = |value: f64| if value.is_finite() { format!("{value:.digits$}") } else { "noise".to_owned() };
    format!("{} ({} to {})", number(spread.median), number(spread.lower), number(spread.upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rounds of a machine that gets slower: the no-op filter adds 5 us, `jwt_authn` 20, a sign-in 40.
    fn report() -> Report {
        let costs = [(Path::Bare, 50.0), (Path::BareSignIn, 30.0), (Path::Noop, 55.0), (Path::JwtAuthn, 70.0)];
        let costs = costs.into_iter().chain([(Path::Anonymous, 60.0), (Path::SignIn, 70.0)]);
        let rounds = |cost: f64| [0.0, 10.0, 20.0].map(|slower| (cost + slower) * 1000.0).to_vec();
        let samples = Samples::new(costs.map(|(path, cost)| (path, rounds(cost))).collect());
        let work = |fuel| Work { fuel, host_calls: 3, allocated: 64 };
        Report {
            terms: Terms { envoy: "1.40.0".to_owned(), processors: 2, rounds: 3, requests: 10, fleets: 1, seed: 4 },
            samples,
            work: vec![(Path::Noop, work(1000)), (Path::Anonymous, work(12_500))],
            footprints: vec![Footprint {
                proxy: Proxy::Tapgate,
                module: Some(2049),
                loaded: Some(65_536),
                used: None,
                resident: 1024,
            }],
        }
    }

    #[test]
    fn people_are_told_ratios() {
        let text = report().to_markdown();
        for line in [
            "| no filter: a page from the application |  |  |  | 60.0 (55.0 to 65.0) |",
            "| no-op SDK filter | 1.00 (1.00 to 1.00) | 0.25 (0.25 to 0.25) | 5.0 (5.0 to 5.0) | 65.0 (60.0 to 70.0) |",
            "| Tapgate: a sign-in | 8.00 (8.00 to 8.00) | 2.00 (2.00 to 2.00) | 40.0 (40.0 to 40.0) | 80.0 (75.0 to 85.0) |",
            "| Tapgate: anonymous | 12500 | 12.5 | 3 | 64 |",
            "| Tapgate | 3 | 64 |  | 1 |",
        ] {
            assert!(text.lines().any(|own| own == line), "no `{line}` in\n{text}");
        }
        assert!(text.contains("1.40.0") && text.contains("seed 4"), "{text}");
    }

    #[test]
    fn programs_are_told_the_same() {
        let json = report().to_json();
        let path = |list: &str, id: &str| {
            let list = json[list].as_array().unwrap();
            list.iter().find(|one| one["path"] == id).unwrap().clone()
        };
        let sign_in = path("cpu", "signIn");
        assert_eq!(sign_in["baseline"], "noFilterSignIn");
        assert_eq!(sign_in["whole"]["median"], 80_000.0);
        assert_eq!(sign_in["added"]["upperQuartile"], 40_000.0);
        assert_eq!(
            (&sign_in["addedOfNoop"]["median"], &sign_in["addedOfJwtAuthn"]["median"]),
            (&json!(8.0), &json!(2.0))
        );
        assert_eq!(sign_in["rounds"], json!([70_000.0, 80_000.0, 90_000.0]));
        assert_eq!(path("cpu", "noFilter")["added"], Value::Null);
        assert_eq!(path("work", "anonymous")["fuelOfNoop"], 12.5);
        assert_eq!(json["memory"][0]["linearMemory"], json!({"loaded": 65_536, "afterTheRun": null}));
    }

    #[test]
    fn noise_is_called_noise() {
        let spread = Spread { lower: 2.0, median: 3.5, upper: f64::INFINITY };
        assert_eq!(shown(spread, 1), "3.5 (2.0 to noise)");
    }
}
