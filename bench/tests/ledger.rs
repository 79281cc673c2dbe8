//! What a sign-in asks of etcd, on real Envoy: two calls, however many people have records; and a page nothing.
//!
//! How long it takes is no test's business.

use tapgate_bench::ledger::run;

#[tokio::test]
async fn a_sign_in_is_two_calls_and_a_page_none_whatever_the_number_of_records() {
    let report = run(&[1, 1_000], 8, Some(1), |_| ()).await.unwrap();
    let sizes: Vec<_> = report.measured.iter().map(|(users, samples)| (*users, samples.len())).collect();
    assert_eq!(sizes, [(1, 8), (1_000, 8)]);
    for (users, samples) in &report.measured {
        let calls: Vec<_> = samples.iter().map(|sample| (sample.calls_of_sign_in, sample.calls_of_page)).collect();
        assert_eq!(calls, [(2, 0); 8], "{users} users");
    }
    assert!(report.to_markdown().contains("\n| 1000 | 2 | "), "{}", report.to_markdown());
    assert_eq!(report.to_json()["ledgers"].as_array().unwrap().len(), 2);
}
