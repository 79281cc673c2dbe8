//! The check: both hosts show what the scenario says.

use crate::scenario::Scenario;
use crate::{envoy, ours};

/// Plays a scenario in both hosts, which must show the same.
///
/// `expected` has a line for each thing seen, indented as one likes.
pub(crate) async fn check(scenario: Scenario, expected: &str) {
    compare(scenario, expected, expected).await;
}

/// For the few things that the host's README says it does not model: plays a scenario in both hosts, which show different
/// things.
pub(crate) async fn check_apart(scenario: Scenario, expected_of_envoy: &str, expected_of_ours: &str) {
    assert_ne!(lines(expected_of_envoy), lines(expected_of_ours), "they do not differ");
    compare(scenario, expected_of_envoy, expected_of_ours).await;
}

async fn compare(scenario: Scenario, expected_of_envoy: &str, expected_of_ours: &str) {
    let real = envoy::play(&scenario).await.show();
    let own = ours::play(&scenario).show();
    assert!(
        real == lines(expected_of_envoy) && own == lines(expected_of_ours),
        "{}",
        [("expected", &lines(expected_of_ours)), ("envoy", &real), ("tapgate-host", &own)]
            .map(|(who, text)| format!("--- {who}\n{text}\n"))
            .concat()
    );
}

fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
