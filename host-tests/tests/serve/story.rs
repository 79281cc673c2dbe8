//! The walk is the same story wherever it is played.

use std::io;

use tapgate_host_tests::walk::{self, Kind, Script, Stage};

/// The story as it was written down, without what is new every time: numbers, and what secrets look like.
async fn told(kind: Kind) -> String {
    let mut stage = Stage::set(kind, None).await.expect("a stage");
    let script = Script::new(io::sink());
    walk::play(&mut stage, &script).await.unwrap_or_else(|differs| panic!("{kind:?}: {differs}"));
    plain(&script.all())
}

fn plain(story: &str) -> String {
    let word = |word: &str| match word.split_once('…') {
        Some(_) => "…".to_owned(),
        None => word.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect(),
    };
    story.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_and_envoy_tell_the_same_story() {
    let (serve, envoy) = tokio::join!(told(Kind::Serve), told(Kind::Envoy));
    for (ours, theirs) in serve.lines().zip(envoy.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(serve.lines().count(), envoy.lines().count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gates_on_etcd_are_one_to_people_while_a_member_dies() {
    let story = told(Kind::Etcd).await;
    assert!(story.contains("kill"), "{story}");
}
