//! One-time passes that many browsers want over both gates: one holder each, whatever becomes of etcd's members.

use std::sync::Arc;

use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::pass::Pass;
use tokio::task::JoinSet;

use crate::site::{MEMBERS, Site, sign_in};

/// How many passes are raced for, and by how many browsers each.
const PASSES: usize = 60;
const BROWSERS: usize = 16;

/// After so many races a member dies, or the one that has died comes back.
const PATIENCE: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pass_has_one_holder_while_members_die_and_come_back() {
    let mut etcd = Etcd::start(MEMBERS).await;
    let site = Arc::new(Site::on(&etcd).await);
    let (mut held, mut away) = (0, 0);
    for number in 0..PASSES {
        let (turn, phase) = (number / PATIENCE, number % PATIENCE);
        // The leader's turn comes too. It dies in the middle of a race, or right before one.
        let member = turn / 2 % MEMBERS;
        let pass = Arc::new(Pass::new(&site.keys, &format!("user-{number}")).once().mint(&site.secrets));
        let mut racing = JoinSet::new();
        for browser in 0..BROWSERS {
            let (mut browser, pass) = (site.browser(browser), Arc::clone(&pass));
            racing.spawn(async move { sign_in(&mut browser, &pass).await.status });
        }
        if phase == 0 && turn % 2 == 0 {
            etcd.kill(member);
        } else if phase == 0 {
            etcd.restart(member);
        }
        let statuses = racing.join_all().await;
        let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
        let (holders, unknown) = (count(303), count(503));
        assert_eq!(holders + unknown + count(401), BROWSERS, "pass {number}: {statuses:?}");
        assert!(holders <= 1, "pass {number}: {statuses:?}");
        assert!(
            holders == 1 || unknown > 0,
            "pass {number} is nobody's, and nobody was told to come again: {statuses:?}"
        );
        held += holders;
        away += usize::from(unknown > 0);
        // Whoever comes now has come too late, unless nobody was let in: then at most one is.
        let late = sign_in(&mut site.browser(number), &pass).await.status;
        assert!(matches!((late, holders), (401 | 503, _) | (303, 0)), "pass {number}: {late} after {statuses:?}");
    }
    println!("{PASSES} passes, {held} with a holder at once; in {away} races somebody was told to come again");
    assert!(held * 4 > PASSES, "only {held} passes found their holder");
    Arc::into_inner(site).expect("nobody else's").stop();
}
