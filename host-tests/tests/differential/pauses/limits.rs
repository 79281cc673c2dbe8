//! What becomes of more than may be held, either way.

use super::{big, big_answer, resuming};
use crate::check::check;
use crate::guest::{Guest, On, REQUEST, ask, before_end, pause};
use crate::scenario::{Scenario, answer, answer_last, call_answer, empty_answer, get, last, part, post};

#[tokio::test]
async fn too_much_of_a_request_with_its_headers_gone() {
    let guest = Guest::new().on(On::RequestBody, [pause()]);
    let scenario = Scenario::new(guest).limit(65_535).script([post(&[]), big(), big(), big(), big(), part("x")]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 16384 more
        request_body 32768 more
        request_body 49152 more
        request_body 65536 more
        response_headers 3 more
        response_body 17 end
        log
        done
        delete
        application: POST / CUT
        client: 413 content-length=17 content-type=text/plain `Payload Too Large`
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_of_a_request_at_the_end_that_is_let_go() {
    let guest = Guest::new().on(On::RequestBody, [before_end([pause()])]);
    let scenario = Scenario::new(guest).limit(65_535).script([
        post(&[]),
        big(),
        big(),
        big(),
        last(&"x".repeat(16_384)),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 16384 more
        request_body 32768 more
        request_body 49152 more
        request_body 65536 end
        response_headers 3 more
        response_body 17 end
        log
        done
        delete
        application: POST / CUT
        client: 413 content-length=17 content-type=text/plain `Payload Too Large`
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_of_an_answer_at_the_end_that_is_let_go() {
    let guest = Guest::new().on(On::ResponseBody, [before_end([pause()])]);
    let scenario = Scenario::new(guest).limit(65_535).script([
        get(&[]),
        answer("200", &[]),
        big_answer(),
        big_answer(),
        big_answer(),
        answer_last(&"x".repeat(16_384)),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 16384 more
        response_body 32768 more
        response_body 49152 more
        log
        done
        delete
        application: GET /
        client: 200 CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn as_much_of_a_request_as_may_be() {
    let guest = Guest::new().on(On::RequestBody, [before_end([pause()])]);
    let scenario = Scenario::new(guest).limit(65_536).script([
        post(&[]),
        big(),
        big(),
        big(),
        big(),
        last(""),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 16384 more
        request_body 32768 more
        request_body 49152 more
        request_body 65536 more
        request_body 65536 end
        response_headers 1 end
        log
        done
        delete
        application: POST / <65536 bytes>
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_of_a_request_with_its_headers_held() {
    let guest = Guest::new().on(On::RequestHeaders, [pause()]).on(On::RequestBody, [pause()]);
    let scenario = Scenario::new(guest).stop_iteration().limit(65_535).script([post(&[]), big(), big(), big(), big()]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 16384 more
        request_body 32768 more
        request_body 49152 more
        request_body 65536 more
        response_headers 3 more
        response_body 17 end
        log
        done
        delete
        client: 413 content-length=17 content-type=text/plain `Payload Too Large`
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_while_all_is_stopped_only_slows_the_sender() {
    let guest = resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).limit(65_535).script([
        post(&[]),
        big(),
        big(),
        big(),
        big(),
        call_answer("200", ""),
        last("6"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 65536 more
        request_body 1 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / <65537 bytes>
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_while_all_was_stopped_then_paused_in_the_body() {
    let guest =
        resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]).on(On::RequestBody, [before_end([pause()])]);
    let scenario = Scenario::new(guest).limit(65_535).script([
        post(&[]),
        big(),
        big(),
        big(),
        big(),
        call_answer("200", ""),
        part("6"),
        last("7"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 65536 more
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / CUT
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_of_an_answer_with_its_headers_held() {
    let guest = Guest::new().on(On::ResponseHeaders, [pause()]).on(On::ResponseBody, [pause()]);
    let scenario = Scenario::new(guest).stop_iteration().limit(65_535).script([
        get(&[]),
        answer("200", &[]),
        big_answer(),
        big_answer(),
        big_answer(),
        big_answer(),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 16384 more
        response_body 32768 more
        response_body 49152 more
        log
        done
        delete
        application: GET /
        client: 500 content-length=21 content-type=text/plain `Internal Server Error`
    ",
    )
    .await;
}

#[tokio::test]
async fn too_much_of_an_answer_with_its_headers_gone() {
    let guest = Guest::new().on(On::ResponseBody, [pause()]);
    let scenario = Scenario::new(guest).limit(65_535).script([
        get(&[]),
        answer("200", &[]),
        big_answer(),
        big_answer(),
        big_answer(),
        big_answer(),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 16384 more
        response_body 32768 more
        response_body 49152 more
        log
        done
        delete
        application: GET /
        client: 200 CUT
    ",
    )
    .await;
}
