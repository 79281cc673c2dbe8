//! Pauses of a request: its headers, its body, its trailers.

use super::resuming;
use crate::check::check;
use crate::guest::{Guest, On, REQUEST, REQUEST_BODY, ask, at_end, before_end, buffer, first, pause};
use crate::scenario::{Scenario, answer, answer_last, call_answer, empty_answer, get, last, part, post, trailers};

#[tokio::test]
async fn nothing_is_paused() {
    let scenario = Scenario::new(Guest::new()).script([
        post(&[("x-a", "1")]),
        part("one"),
        last("two"),
        answer("200", &[("x-b", "2")]),
        answer_last("hello"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 6 more
        request_body 3 more
        request_body 3 end
        response_headers 2 more
        response_body 5 end
        log
        done
        delete
        application: POST / x-a=1 `onetwo`
        client: 200 x-b=2 `hello`
    ",
    )
    .await;
}

#[tokio::test]
async fn headers_paused_hold_the_body_too() {
    let guest = resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("one"),
        part("two"),
        call_answer("200", ""),
        last("three"),
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
        request_body 6 more
        request_body 5 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `onetwothree`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn headers_paused_of_a_request_without_a_body() {
    let guest = resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]);
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
async fn headers_paused_and_the_body_has_ended_before_the_resume() {
    let guest = resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]);
    let scenario =
        Scenario::new(guest).script([post(&[]), last("whole"), call_answer("200", ""), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 5 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `whole`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn headers_paused_with_the_flag_let_the_body_come() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [pause()])
        .on(On::RequestBody, [buffer(REQUEST_BODY, 0, 99), before_end([pause()])]);
    let scenario = Scenario::new(guest).stop_iteration().script([
        post(&[]),
        part("ab"),
        part("cd"),
        last("e"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        buffer 0 0+99 = 0 `ab`
        request_body 4 more
        buffer 0 0+99 = 0 `abcd`
        request_body 5 end
        buffer 0 0+99 = 0 `abcde`
        response_headers 1 end
        log
        done
        delete
        application: POST / `abcde`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn headers_paused_with_the_flag_and_a_body_that_goes_on() {
    let guest = Guest::new().on(On::RequestHeaders, [pause()]);
    let scenario =
        Scenario::new(guest).stop_iteration().script([post(&[]), part("ab"), last("cd"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        request_body 2 end
        response_headers 1 end
        log
        done
        delete
        application: POST / `abcd`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn headers_paused_with_the_flag_resumed_before_the_body() {
    let guest = resuming(REQUEST).on(On::RequestHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).stop_iteration().script([
        post(&[]),
        call_answer("200", ""),
        last("late"),
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
        request_body 4 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `late`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn body_paused_is_shown_as_a_whole_each_time() {
    let guest = Guest::new().on(On::RequestBody, [buffer(REQUEST_BODY, 0, 99), before_end([pause()])]);
    let scenario =
        Scenario::new(guest).script([post(&[]), part("ab"), part("cd"), last("ef"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        buffer 0 0+99 = 0 `ab`
        request_body 4 more
        buffer 0 0+99 = 0 `abcd`
        request_body 6 end
        buffer 0 0+99 = 0 `abcdef`
        response_headers 1 end
        log
        done
        delete
        application: POST / `abcdef`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn body_paused_and_an_end_without_bytes() {
    let guest = Guest::new().on(On::RequestBody, [buffer(REQUEST_BODY, 0, 99), before_end([pause()])]);
    let scenario = Scenario::new(guest).script([post(&[]), part("ab"), last(""), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        buffer 0 0+99 = 0 `ab`
        request_body 2 end
        buffer 0 0+99 = 0 `ab`
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

#[tokio::test]
async fn body_paused_at_its_end_and_resumed_by_a_call() {
    let guest = resuming(REQUEST).on(On::RequestBody, [at_end([ask("calls")]), pause()]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("ab"),
        last("cd"),
        call_answer("200", ""),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        request_body 4 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `abcd`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn body_paused_and_resumed_before_its_end() {
    let guest = resuming(REQUEST).on(On::RequestBody, [first([ask("calls"), pause()])]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("ab"),
        part("cd"),
        call_answer("200", ""),
        last("ef"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        call calls = 0 4
        request_body 4 more
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 2 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `abcdef`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn body_paused_resumed_before_its_end_and_paused_again() {
    let guest = resuming(REQUEST)
        .on(On::RequestBody, [first([ask("calls")]), buffer(REQUEST_BODY, 0, 99), before_end([pause()])]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("ab"),
        call_answer("200", ""),
        part("cd"),
        last("ef"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 2 more
        call calls = 0 4
        buffer 0 0+99 = 0 `ab`
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        request_body 2 more
        buffer 0 0+99 = 0 `cd`
        request_body 4 end
        buffer 0 0+99 = 0 `cdef`
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `abcdef`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn paused_in_trailers_and_resumed_by_a_call() {
    let guest = resuming(REQUEST)
        .on(On::RequestBody, [pause()])
        .on(On::RequestTrailers, [buffer(REQUEST_BODY, 0, 99), ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("held"),
        trailers(&[("x-t", "1")]),
        call_answer("200", ""),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 4 more
        request_trailers 1
        buffer 0 0+99 = 0 `held`
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `held` then x-t=1
        client: 204
    ",
    )
    .await;
}
