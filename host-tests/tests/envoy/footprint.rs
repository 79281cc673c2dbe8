//! What the plugin costs in bytes: the module on disk, its linear memory after much traffic.

use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::gate::{Gate, sign_in};
use tapgate_host_tests::workspace;

#[test]
fn the_module_is_small() {
    let bytes = std::fs::metadata(workspace::module()).expect("the module").len();
    assert!(bytes < 800_000, "{bytes} bytes");
}

#[tokio::test]
async fn memory_stays_small_after_a_hundred_thousand_requests() {
    const REQUESTS: usize = 100_000;
    const BROWSERS: usize = 8;
    let gate = Gate::start().await;
    let mut browsing = tokio::task::JoinSet::new();
    for number in 0..BROWSERS {
        // Half of them nobodies, half in sessions; now and then a sign-in, a page, a refusal, an upload, a wrong pass.
        let session = number % 2 == 0;
        let user = format!("user-{number}");
        let mut browser = if session {
            gate.registering(&user, Protocol::BOTH[number / 2 % 2]).await
        } else {
            gate.browser_on(Protocol::BOTH[number / 2 % 2])
        };
        let (pass, wrong) = (gate.pass(&user), "x.y.z");
        let secrets = gate.secrets.clone();
        browsing.spawn(async move {
            for round in 0..REQUESTS / BROWSERS {
                let status = match round % 100 {
                    0 if session => sign_in(&mut browser, &pass.mint(&secrets)).await.status,
                    1 => browser.navigate("/.tap/sign-in").await.status,
                    2 => sign_in(&mut browser, wrong).await.status,
                    3 => browser.fetch("GET", "/api/mail").await.status,
                    4 => {
                        browser
                            .send(
                                Call::post("/register/x")
                                    .body(tapgate_host_tests::body::Body::whole(vec![b'x'; 50_000])),
                            )
                            .await
                            .status
                    }
                    _ => browser.send(Call::get("/register")).await.status,
                };
                assert!(status < 500, "{status}");
            }
        });
    }
    drop(browsing.join_all().await);
    let served = gate.envoy.stat("http.gate.downstream_rq_total").await;
    assert!(served >= REQUESTS as u64, "{served}");
    let memories = gate.envoy.linear_memories();
    assert!(memories.len() > 2, "two workers and the main thread: {memories:?}");
    assert!(memories.iter().all(|bytes| *bytes < 4 << 20), "{memories:?}");
}
