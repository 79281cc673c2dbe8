//! A gateway that is killed in the middle of its work forgets no redemption, and opens its store again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::serve::Serve;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::site::{FORGED, Site, after_birth, try_sign_in};

/// How often it is killed.
const KILLS: usize = 20;

/// How many one-time passes each life begins with, and how many browsers want each of them.
const PASSES: usize = 24;
const BROWSERS: usize = 3;

/// How many browsers ask for pages all the while.
const VISITORS: usize = 4;

/// A one-time pass, and how many browsers have been let in with it.
struct Wanted {
    pass: String,
    holders: AtomicUsize,
}

/// Presents a pass from a browser of its own; counts it if it is let in.
async fn present(site: &Site, serve: &Serve, wanted: &Wanted, number: usize) -> Option<u16> {
    let mut browser = site.browser(serve, Protocol::BOTH[number % 2]);
    let status = try_sign_in(&mut browser, &wanted.pass).await.ok()?.status;
    if status == 303 {
        wanted.holders.fetch_add(1, Ordering::SeqCst);
    }
    Some(status)
}

/// Has everybody present the passes and others look at pages, until `answers` sign-ins have been answered; then kills the
/// gateway, with the rest still under way.
async fn killed_while_busy(site: &Arc<Site>, serve: Serve, passes: &[Arc<Wanted>], answers: usize) {
    let (serve, answered, enough) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut busy = JoinSet::new();
    for number in 0..VISITORS {
        let (site, serve) = (Arc::clone(site), Arc::clone(&serve));
        busy.spawn(async move {
            let mut browser = site.browser(&serve, Protocol::BOTH[number % 2]);
            while browser.try_send(Call::navigate("/hello").header(FORGED, "admin")).await.is_ok() {}
        });
    }
    for number in 0..passes.len() * BROWSERS {
        let (site, serve, wanted) = (Arc::clone(site), Arc::clone(&serve), Arc::clone(&passes[number % passes.len()]));
        let (answered, enough) = (Arc::clone(&answered), Arc::clone(&enough));
        busy.spawn(async move {
            let status = present(&site, &serve, &wanted, number).await;
            assert!(matches!(status, None | Some(303 | 401)), "{status:?}");
            if status.is_some() && answered.fetch_add(1, Ordering::SeqCst) + 1 == answers {
                enough.notify_one();
            }
        });
    }
    enough.notified().await;
    serve.kill();
    while let Some(ended) = busy.join_next().await {
        ended.expect("a task that ends");
    }
    site.hold(serve.log().text());
    site.hold_what_the_application_saw();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_in_the_middle_it_lets_nobody_in_twice() {
    let site = Arc::new(Site::new().await);
    let mut all: Vec<Arc<Wanted>> = Vec::new();
    let mut before: Vec<Arc<Wanted>> = Vec::new();
    for life in 0..KILLS {
        let serve = site.start().await;
        if life == 0 {
            after_birth(&serve).await;
        }
        // Whoever comes now with a pass of the former life finds it as that life has left it.
        for (number, wanted) in before.iter().enumerate() {
            let had = wanted.holders.load(Ordering::SeqCst);
            let status = present(&site, &serve, wanted, number).await;
            assert!(
                status == Some(401) || (status, had) == (Some(303), 0),
                "life {life}: {status:?} after {had} holders"
            );
        }
        let one =
            |number| Wanted { pass: site.one_time(&format!("user-{life}-{number}")), holders: AtomicUsize::new(0) };
        let passes: Vec<_> = (0..PASSES).map(|number| Arc::new(one(number))).collect();
        // From nearly at once to nearly at the end.
        let answers = 1 + life * (PASSES * BROWSERS - 2) / (KILLS - 1);
        killed_while_busy(&site, serve, &passes, answers).await;
        all.extend(passes.iter().cloned());
        before = passes;
    }
    let serve = site.start().await;
    for (number, wanted) in all.iter().enumerate() {
        let status = present(&site, &serve, wanted, number).await;
        assert!(matches!(status, Some(303 | 401)), "{status:?}");
    }
    let holders: Vec<_> = all.iter().map(|wanted| wanted.holders.load(Ordering::SeqCst)).collect();
    assert!(holders.iter().all(|holders| *holders <= 1), "a pass has been redeemed twice: {holders:?}");
    // A pass without a holder is one whose redemption was on the disk before its answer could be sent.
    let lost = holders.iter().filter(|holders| **holders == 0).count();
    println!("{KILLS} kills, {} passes, {lost} of them redeemed with the answer lost", all.len());
    assert!(lost < all.len() / 2, "{lost}");
    site.stop(serve);
}
