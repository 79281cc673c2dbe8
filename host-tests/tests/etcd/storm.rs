//! Two hundred passes in a storm: every promise is kept, and the storm was one.

use std::time::Duration;

use tapgate_host_tests::storm::{self, Options, Report};

/// How many passes are raced for.
const PASSES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pass_has_one_holder_whatever_dies_slows_down_or_is_cut_off() {
    let seed = getrandom::u64().expect("randomness");
    let options = Options { passes: PASSES, lasts: Duration::ZERO, seed };
    let report = storm::run(options, |text| println!("{text}")).await;
    println!("{report}");
    assert!(report.broken.is_empty(), "{report}");
    let Report { counts, .. } = report;
    assert_eq!((counts.passes, counts.holders + counts.stranded + counts.too_late), (PASSES, PASSES));
    // The programs' race at least ends so.
    assert_eq!(counts.ended, counts.stranded);
    assert!(counts.stranded > 0, "{counts:?}");
    // Twenty spells: each of the eight kinds has struck, and was noticed.
    assert_eq!(counts.faults.len(), 8, "{:?}", counts.faults);
    for noticed in [counts.come_again, counts.no_answer, counts.while_away, counts.in_again, counts.own_success] {
        assert!(noticed > 0, "{counts:?}");
    }
    for shown in [counts.signed_in_again, counts.registered, counts.sessions_kept] {
        assert!(shown > 0, "{counts:?}");
    }
}
