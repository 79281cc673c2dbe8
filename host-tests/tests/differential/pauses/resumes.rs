//! When a guest resumes: in the callback that pauses, twice, too early, too late.

use crate::check::{check, check_apart};
use crate::guest::{Guest, On, REQUEST, RESPONSE, act_on, ask, pause, resume};
use crate::scenario::{Scenario, answer, answer_last, call_answer, empty_answer, get, last, part, post};

#[tokio::test]
async fn resumed_within_the_callback_that_then_pauses() {
    let guest = Guest::new().on(On::RequestHeaders, [resume(REQUEST), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_within_the_callback_that_then_pauses_before_a_body() {
    let guest = Guest::new().on(On::RequestHeaders, [resume(REQUEST), pause()]);
    let scenario = Scenario::new(guest).script([post(&[]), last("body"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: POST / CUT
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_within_the_callback_that_then_pauses_with_the_flag() {
    let guest = Guest::new().on(On::RequestHeaders, [resume(REQUEST), pause()]);
    let scenario =
        Scenario::new(guest).stop_iteration().script([post(&[]), part("a"), last("body"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        resume request = 0
        request_body 1 more
        request_body 4 end
        response_headers 1 end
        log
        done
        delete
        application: POST / `abody`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_within_the_response_callback_that_then_pauses() {
    let guest = Guest::new().on(On::ResponseHeaders, [resume(RESPONSE), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_last("a")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        resume response = 0
        log
        done
        delete
        application: GET /
        client: 200 ...
    ",
    )
    .await;
}

/// Envoy sends the request twice. The host records a misuse.
#[tokio::test]
async fn resumed_within_the_callback_that_then_goes_on() {
    let guest = Guest::new().on(On::RequestHeaders, [resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]);
    check_apart(
        scenario,
        r"
        create
        request_headers 5 end
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: GET /
        application: GET /
        client: 204
    ",
        r"
        create
        request_headers 5 end
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_within_the_body_callback_that_then_goes_on() {
    let guest = Guest::new().on(On::RequestBody, [resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([post(&[]), part("a"), last("b"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 1 more
        resume request = 0
        request_body 1 end
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: POST / `ab`
        client: 204
    ",
    )
    .await;
}

/// The host records it as fatal.
#[tokio::test]
async fn an_answer_resumed_that_has_not_begun() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), resume(RESPONSE)]);
    let scenario = Scenario::new(guest).script([get(&[]), call_answer("200", "")]);
    check_apart(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        THE PROXY DIED
        called: GET /ask
    ",
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        log
        done
        delete
        called: GET /ask
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_within_the_body_callback_that_then_pauses() {
    let guest = Guest::new().on(On::RequestBody, [resume(REQUEST), pause()]);
    let scenario = Scenario::new(guest).script([post(&[]), part("ab"), last("cd")]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        resume request = 0
        request_body 4 end
        resume request = 0
        log
        done
        delete
        application: POST / `abcd`
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_twice_in_one_callback() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), resume(REQUEST), resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([get(&[]), call_answer("200", ""), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn resumed_again_after_it_has_gone_on() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        call_answer("200", ""),
        part("ab"),
        call_answer("200", ""),
        last("cd"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call calls = 0 8
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 2 more
        call_response 8 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 2 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        called: GET /ask
        application: POST / `abcd`
        client: 204
    ",
    )
    .await;
}
