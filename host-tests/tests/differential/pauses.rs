//! Point (e): what a pause holds, what a resume lets go, and what becomes of too much.

use crate::check::{check, check_apart};
use crate::guest::{
    Guest, On, REQUEST, REQUEST_BODY, RESPONSE, RESPONSE_BODY, act_on, ask, at_end, before_end, buffer, first, later,
    pause, resume,
};
use crate::scenario::{
    Event, Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last, part,
    post, trailers,
};

/// Resumes the first stream's request when a call has been answered.
fn resuming(side: i32) -> Guest {
    Guest::new().on(On::CallResponse, [act_on(0), resume(side)])
}

/// A frame of 16 KiB: four of them are more than 65 535 bytes, the smallest limit that HTTP/2 has.
fn big() -> Event {
    part(&"x".repeat(16_384))
}

fn big_answer() -> Event {
    answer_part(&"x".repeat(16_384))
}

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
