//! The bench itself, for one short round: it must find every path and answer, and measure something.
//!
//! What the numbers are is no test's business.

use tapgate_bench::path::Path;
use tapgate_bench::{Options, run};

#[tokio::test]
async fn one_round_measures_every_path() {
    let mut said = Vec::new();
    let options = Options { rounds: 1, requests: 20, seed: Some(1) };
    let report = run(options, |text| said.push(text.to_owned())).await.unwrap();

    for path in Path::ALL {
        let cost = report.samples.of(path);
        assert!(matches!(cost, [nanoseconds] if *nanoseconds > 0.0), "{path:?}: {cost:?}");
    }
    let worked: Vec<Path> = report.work.iter().map(|(path, _)| *path).collect();
    assert_eq!(worked, [Path::Noop, Path::Anonymous, Path::Registering, Path::Registered, Path::SignIn]);
    assert!(report.work.iter().all(|(_, work)| work.fuel > 0), "{:?}", report.work);
    let mut fuel = report.work.iter().map(|(_, work)| work.fuel);
    let noop = fuel.next().unwrap();
    assert!(
        fuel.all(|fuel| fuel > noop),
        "a filter that works does more than one that does nothing: {:?}",
        report.work
    );

    // Two Envoys have a module and two have none.
    let modules = report.footprints.iter().filter(|footprint| footprint.module.is_some());
    let (in_use, all) = (modules.clone().filter(|footprint| footprint.used.is_some()).count(), modules.count());
    assert_eq!((in_use, all, report.footprints.len()), (2, 2, 4), "{:?}", report.footprints);
    assert!(report.footprints.iter().all(|footprint| footprint.module.is_some() == footprint.used.is_some()));

    assert_eq!(report.to_json()["cpu"].as_array().unwrap().len(), Path::ALL.len());
    assert!(report.to_markdown().contains("Tapgate: a sign-in"), "{}", report.to_markdown());
    assert!(said.iter().any(|text| text.contains("seed 1")), "{said:?}");
}
