//! Pauses of an answer: its headers, its body, its trailers.

use super::resuming;
use crate::check::check;
use crate::guest::{
    Guest, On, REQUEST, RESPONSE, RESPONSE_BODY, act_on, ask, before_end, buffer, first, later, pause, resume,
};
use crate::scenario::{Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get};

#[tokio::test]
async fn response_headers_paused_hold_the_body_too() {
    let guest = resuming(RESPONSE).on(On::ResponseHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        answer("200", &[]),
        answer_part("one"),
        call_answer("200", ""),
        answer_last("two"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        response_body 3 more
        response_body 3 end
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 `onetwo`
    ",
    )
    .await;
}

#[tokio::test]
async fn response_headers_paused_of_an_answer_without_a_body() {
    let guest = resuming(RESPONSE).on(On::ResponseHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), call_answer("200", "")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
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
async fn response_headers_paused_with_the_flag_leave_with_the_body() {
    let guest = resuming(RESPONSE).on(On::ResponseHeaders, [ask("calls"), pause()]);
    let scenario = Scenario::new(guest).stop_iteration().script([
        get(&[]),
        answer("200", &[]),
        answer_part("one"),
        answer_last("two"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        call calls = 0 4
        response_body 3 more
        response_body 3 end
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 `onetwo`
    ",
    )
    .await;
}

#[tokio::test]
async fn response_body_paused_until_its_end() {
    let guest = Guest::new().on(On::ResponseBody, [buffer(RESPONSE_BODY, 0, 99), before_end([pause()])]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        answer("200", &[]),
        answer_part("one"),
        answer_part("two"),
        answer_last("three"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 3 more
        buffer 1 0+99 = 0 `one`
        response_body 6 more
        buffer 1 0+99 = 0 `onetwo`
        response_body 11 end
        buffer 1 0+99 = 0 `onetwothree`
        log
        done
        delete
        application: GET /
        client: 200 `onetwothree`
    ",
    )
    .await;
}

#[tokio::test]
async fn response_body_paused_and_resumed_before_its_end() {
    let guest = resuming(RESPONSE).on(On::ResponseBody, [first([ask("calls"), pause()])]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        answer("200", &[]),
        answer_part("one"),
        call_answer("200", ""),
        answer_last("two"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 3 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        response_body 3 end
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 `onetwo`
    ",
    )
    .await;
}

#[tokio::test]
async fn paused_in_response_trailers_and_resumed_by_a_call() {
    let guest = resuming(RESPONSE)
        .on(On::ResponseBody, [pause()])
        .on(On::ResponseTrailers, [buffer(RESPONSE_BODY, 0, 99), ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        answer("200", &[]),
        answer_part("held"),
        answer_trailers(&[("x-t", "1")]),
        call_answer("200", ""),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 4 more
        response_trailers 1
        buffer 1 0+99 = 0 `held`
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 `held` then x-t=1
    ",
    )
    .await;
}

#[tokio::test]
async fn both_directions_paused_one_after_the_other() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::ResponseHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), first([resume(REQUEST)]), later([resume(RESPONSE)])]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        call_answer("200", ""),
        empty_answer("204", &[]),
        call_answer("200", ""),
    ]);
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
        call calls = 0 8
        call_response 8 2 0 0
        act on 0 = 0
        resume response = 0
        log
        done
        delete
        called: GET /ask
        called: GET /ask
        application: GET /
        client: 204
    ",
    )
    .await;
}
