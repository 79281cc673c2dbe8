//! Point (g): HTTP calls, however they end.

use crate::check::check;
use crate::guest::{
    CALL_BODY, CALL_HEADERS, CALL_TRAILERS, Guest, On, REQUEST, REQUEST_BODY, REQUEST_HEADERS, act_on, add, ask,
    buffer, buffer_status, call, first, later, map_size, pairs, pause, remove, resume, say, set_buffer, tick, value,
};
use crate::scenario::{
    Event, Scenario, call_answer, empty_answer, full_call_answer, get, nth_call_answer, part, post, trailers,
};

/// Looks at a call's answer, and lets the first stream's request go on.
fn asking<const N: usize>(steps: [String; N]) -> Guest {
    Guest::new().on(On::RequestHeaders, steps).on(
        On::CallResponse,
        [
            value(CALL_HEADERS, ":status"),
            value(CALL_HEADERS, "content-type"),
            buffer(CALL_BODY, 0, 99),
            value(CALL_TRAILERS, "x-t"),
            act_on(0),
            resume(REQUEST),
        ],
    )
}

const HEADERS: &[(&str, &str)] =
    &[(":method", "POST"), (":path", "/a?b=c"), (":authority", "auth.example"), ("x-a", "1")];

#[tokio::test]
async fn an_answer_with_everything() {
    let guest = asking([call("calls", HEADERS, "question", &[("x-t", "1")], 5000), pause()]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        full_call_answer(0, &[(":status", "200"), ("content-type", "text/x")], "hello", &[("x-t", "2")]),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 3 5 1
        call :status = 0 `200`
        call content-type = 0 `text/x`
        buffer 4 0+99 = 0 `hello`
        call trailers x-t = 0 `2`
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: POST /a?b=c content-length=8 x-a=1 `question`
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_call_without_a_body() {
    let guest = asking([ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), call_answer("403", ""), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        call :status = 0 `403`
        call content-type = 1
        buffer 4 0+99 = 0 ``
        call trailers x-t = 2
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
async fn nobody_listens() {
    let guest = asking([ask("dead"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), Event::CallUnreachable, empty_answer("204", &[])]);
    check(scenario, r"
        create
        request_headers 5 end
        call dead = 0 4
        call_response 4 3 98 0
        call :status = 0 `503`
        call content-type = 0 `text/plain`
        buffer 4 0+99 = 0 `upstream connect error or disconnect/reset before headers. reset reason: remote connection failure`
        call trailers x-t = 2
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
    ").await;
}

#[tokio::test]
async fn no_answer_in_time() {
    let guest = asking([call("calls", HEADERS, "", &[], 50), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), Event::CallTimedOut, empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 3 24 0
        call :status = 0 `504`
        call content-type = 0 `text/plain`
        buffer 4 0+99 = 0 `upstream request timeout`
        call trailers x-t = 2
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: POST /a?b=c x-a=1
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off() {
    let guest = asking([ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), Event::CallReset, empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 0 0 0
        call :status = 2
        call content-type = 2
        buffer 4 0+99 = 1
        call trailers x-t = 2
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
async fn no_answer_at_all_and_the_client_leaves() {
    let guest = asking([ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), Event::Gone]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        log
        done
        delete
        called: GET /ask
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn the_client_leaves_before_the_answer() {
    let guest = asking([ask("calls"), pause()]);
    let scenario = Scenario::new(guest).script([get(&[]), Event::Gone, call_answer("200", "late")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        log
        done
        delete
        call_response 4 2 4 0
        call :status = 0 `200`
        call content-type = 1
        buffer 4 0+99 = 0 `late`
        call trailers x-t = 2
        act on 0 = 2
        resume request = 0
        called: GET /ask
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_called() {
    let guest = asking([
        ask("unknown"),
        ask("empty"),
        call("calls", &[(":method", "GET"), (":path", "/")], "", &[], 0),
        call("calls", &[(":method", "GET"), (":authority", "a")], "", &[], 0),
        call("calls", &[(":path", "/"), (":authority", "a")], "", &[], 0),
        call("calls", &[], "", &[], 0),
        call("calls", HEADERS, "", &[], -1),
        say("that was all"),
    ]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call unknown = 2
        call empty = 10
        call calls = 2
        call calls = 2
        call calls = 2
        call calls = 2
        call calls = 2
        that was all
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
async fn several_out_of_order() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), ask("calls"), ask("calls"), pause()])
        .on(On::CallResponse, [buffer(CALL_BODY, 0, 9)]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        nth_call_answer(2, "200", "third"),
        nth_call_answer(0, "200", "first"),
        nth_call_answer(0, "200", "second"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call calls = 0 8
        call calls = 0 12
        call_response 12 2 5 0
        buffer 4 0+9 = 0 `third`
        call_response 4 2 5 0
        buffer 4 0+9 = 0 `first`
        call_response 8 2 6 0
        buffer 4 0+9 = 0 `second`
        log
        done
        delete
        called: GET /ask
        called: GET /ask
        called: GET /ask
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_body_and_from_trailers() {
    let guest = Guest::new()
        .on(On::RequestBody, [ask("calls"), pause()])
        .on(On::RequestTrailers, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), later([resume(REQUEST)])]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("a"),
        call_answer("200", ""),
        trailers(&[("x-t", "1")]),
        call_answer("200", ""),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 1 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        request_trailers 1
        call calls = 0 8
        call_response 8 2 0 0
        act on 0 = 0
        resume request = 0
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        called: GET /ask
        application: POST / `a` then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_answer_of_another() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), first([ask("calls"), act_on(1)]), later([act_on(1), resume(REQUEST)])]);
    let scenario = Scenario::new(guest).script([get(&[]), call_answer("200", ""), call_answer("200", "")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        call calls = 0 8
        act on 1 = 2
        call_response 8 2 0 0
        act on 0 = 0
        act on 1 = 2
        resume request = 0
        log
        done
        delete
        called: GET /ask
        called: GET /ask
        application: GET /
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_timer() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [tick(20)])
        .on(On::Tick, [tick(0), ask("calls")])
        .on(On::CallResponse, [buffer(CALL_BODY, 0, 9)]);
    let scenario =
        Scenario::new(guest).script([get(&[]), Event::Tick, call_answer("200", "ticked"), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        timer every 20 = 0
        tick
        timer every 0 = 0
        call calls = 0 4
        call_response 4 2 6 0
        buffer 4 0+9 = 0 `ticked`
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
async fn from_the_log() {
    let guest = Guest::new().on(On::Log, [ask("calls")]).on(On::CallResponse, [buffer(CALL_BODY, 0, 9)]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), call_answer("200", "logged")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        call calls = 0 4
        done
        delete
        call_response 4 2 6 0
        buffer 4 0+9 = 0 `logged`
        called: GET /ask
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_does_not_wait_for_the_answer() {
    let guest = Guest::new().without(On::CallResponse).on(On::RequestHeaders, [ask("calls")]);
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), call_answer("200", "")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
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
async fn an_answer_can_be_changed_by_whoever_reads_it() {
    let guest = Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(
        On::CallResponse,
        [
            add(CALL_HEADERS, "x-a", "1"),
            value(CALL_HEADERS, "x-a"),
            remove(CALL_HEADERS, "x-b"),
            value(CALL_HEADERS, "x-b"),
            map_size(CALL_TRAILERS),
            add(CALL_TRAILERS, "x-t", "1"),
            value(CALL_TRAILERS, "x-t"),
            pairs(CALL_TRAILERS),
            set_buffer(CALL_BODY, 0, 0, "x"),
            buffer(CALL_BODY, 1, 3),
            buffer_status(CALL_BODY),
        ],
    );
    let scenario =
        Scenario::new(guest).script([get(&[]), full_call_answer(0, &[(":status", "200"), ("x-b", "2")], "hello", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 3 5 0
        add x-a = 2
        call x-a = 1
        remove x-b = 2
        call x-b = 0 `2`
        call trailers size = 2
        add x-t = 2
        call trailers x-t = 2
        call trailers = 0 ``
        set buffer 4 0+0 = 2
        buffer 4 1+3 = 0 `ell`
        buffer 4 size = 0 5
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
async fn a_call_acts_on_no_stream_unless_told_to() {
    let guest = Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(
        On::CallResponse,
        [
            value(REQUEST_HEADERS, ":path"),
            buffer(REQUEST_BODY, 0, 9),
            add(REQUEST_HEADERS, "x-a", "1"),
            act_on(99),
            act_on(0),
            value(REQUEST_HEADERS, ":path"),
            value(CALL_HEADERS, ":status"),
            buffer(CALL_BODY, 0, 9),
        ],
    );
    let scenario = Scenario::new(guest).script([get(&[]), call_answer("200", "hello")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 5 0
        request :path = 2
        buffer 0 0+9 = 0 ``
        add x-a = 2
        act on 99 = 2
        act on 0 = 0
        request :path = 0 `/`
        call :status = 0 `200`
        buffer 4 0+9 = 0 `hello`
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
async fn headers_that_make_no_call() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            call(
                "calls",
                &[(":method", "GET"), (":path", "/a"), (":authority", "a"), ("host", "b"), ("X-Upper", "c")],
                "",
                &[],
                0,
            ),
            call("calls", &[(":method", "GET"), (":path", "/b"), ("host", "b")], "", &[], 0),
            pause(),
        ],
    );
    let scenario = Scenario::new(guest).script([get(&[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call calls = 0 8
        log
        done
        delete
        called: GET /a x-upper=c
        called: GET /b
        client: nothing ...
    ",
    )
    .await;
}
