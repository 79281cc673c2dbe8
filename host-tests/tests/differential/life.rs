//! Points (a), (h) and (i): a guest's beginning and its failures, and host calls that are not granted.

use crate::check::check;
use crate::guest::{
    COUNTER, Guest, On, REQUEST, REQUEST_HEADERS, act_on, ask, before_end, close, define, exit, first, of_stream,
    pairs, pause, property, reply, resume, returns, say, set_shared, tick, trap, value,
};
use crate::scenario::{
    Event, Policy, Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last,
    on, part, post, trailers,
};

#[tokio::test]
async fn a_start_in_order() {
    let guest = Guest::new();
    let scenario =
        Scenario::new(guest).configuration("abc").with_its_start().script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create root
        vm_start 0
        configure 3
        create
        request_headers 5 end
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
async fn a_start_on_two_workers() {
    check(
        Scenario::new(Guest::new()).configuration("abc").workers(2),
        r"
        configure 3
        configure 3
        create root
        create root
        vm_start 0
        vm_start 0
    ",
    )
    .await;
}

#[tokio::test]
async fn a_configuration_refused() {
    check(
        Scenario::new(Guest::new().on(On::Configure, [returns(0)])),
        r"
        REFUSED
    ",
    )
    .await;
}

#[tokio::test]
async fn a_start_refused() {
    check(
        Scenario::new(Guest::new().on(On::VmStart, [returns(0)])),
        r"
        REFUSED
    ",
    )
    .await;
}

#[tokio::test]
async fn a_configuration_that_traps() {
    check(
        Scenario::new(Guest::new().on(On::Configure, [trap()])),
        r"
        REFUSED
    ",
    )
    .await;
}

#[tokio::test]
async fn a_start_that_traps() {
    check(
        Scenario::new(Guest::new().on(On::VmStart, [trap()])),
        r"
        REFUSED
    ",
    )
    .await;
}

#[tokio::test]
async fn a_root_context_that_traps() {
    check(Scenario::new(Guest::new().on(On::Create, [trap()])), r"").await;
}

#[tokio::test]
async fn a_guest_that_hears_of_nothing() {
    let mut guest = Guest::new();
    for callback in [
        On::VmStart,
        On::Configure,
        On::RequestHeaders,
        On::RequestBody,
        On::RequestTrailers,
        On::ResponseHeaders,
        On::ResponseBody,
        On::ResponseTrailers,
        On::Done,
        On::Log,
        On::Delete,
    ] {
        guest = guest.without(callback);
    }
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("a"),
        trailers(&[("x-t", "1")]),
        answer("200", &[]),
        answer_part("b"),
        answer_trailers(&[("x-t", "1")]),
    ]);
    check(
        scenario,
        r"
        create
        application: POST / `a` then x-t=1
        client: 200 `b` then x-t=1
    ",
    )
    .await;
}

#[tokio::test]
async fn a_guest_without_contexts() {
    let scenario = Scenario::new(Guest::new().without(On::Create)).script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        request_headers 5 end
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
async fn a_trap_in_request_headers() {
    let guest = Guest::new().on(On::RequestHeaders, [first([trap()])]);
    check(
        Scenario::new(guest).script([get(&[]), get(&[])]),
        r"
        create
        request_headers 5 end
        client: 503
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_a_stream_context() {
    let guest = Guest::new().on(On::Create, [of_stream(0, [say("x")]), trap()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        x
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_the_request_body() {
    let guest = Guest::new().on(On::RequestBody, [trap()]);
    check(
        Scenario::new(guest).script([post(&[]), part("a"), last("b"), get(&[])]),
        r"
        create
        request_headers 5 more
        request_body 1 more
        application: POST / CUT
        client: 503
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_request_trailers() {
    let guest = Guest::new().on(On::RequestTrailers, [trap()]);
    check(
        Scenario::new(guest).script([post(&[]), part("a"), trailers(&[("x-t", "1")])]),
        r"
        create
        request_headers 5 more
        request_body 1 more
        request_trailers 1
        application: POST / `a` CUT
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_response_headers() {
    let guest = Guest::new().on(On::ResponseHeaders, [trap()]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_last("a")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        application: GET /
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_the_response_body_with_the_answer_gone() {
    let guest = Guest::new().on(On::ResponseBody, [trap()]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_part("a"), answer_last("b")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 1 more
        application: GET /
        client: 200 CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_the_log() {
    let guest = Guest::new().on(On::Log, [trap()]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), get(&[])]),
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        application: GET /
        client: 204
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_a_call_leaves_its_stream_waiting() {
    let guest = Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(On::CallResponse, [trap()]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        called: GET /ask
        client: nothing ...
    ",
    )
    .await;
}

/// Envoy notes it and lets the guest go on.
#[tokio::test]
async fn an_exit_is_none() {
    let guest = Guest::new().on(On::RequestHeaders, [exit(3), say("alive")]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        alive
        log
        done
        delete
        application: GET /
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_after_a_reply() {
    let guest = Guest::new().on(On::RequestHeaders, [reply(403, "no", &[]), trap()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        client: 503
    ",
    )
    .await;
}

/// What a guest has asked for by then is done, dead or not: the application sees a request that nobody guards any more.
#[tokio::test]
async fn a_trap_after_a_resume_in_a_call() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), resume(REQUEST), trap()]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", ""), answer("200", &[])]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume request = 0
        called: GET /ask
        application: GET /
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_after_a_resume_of_its_own_stream() {
    let guest = Guest::new().on(On::RequestHeaders, [resume(REQUEST), trap()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        resume request = 0
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_after_a_close_of_another_stream() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [of_stream(0, [pause()]), of_stream(1, [act_on(0), close(REQUEST), trap()])]);
    check(
        Scenario::new(guest).script([get(&[]), get(&[])]),
        r"
        create
        request_headers 5 end
        #1 create
        #1 request_headers 5 end
        act on 0 = 0
        close request = 0
        client: nothing CUT
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_after_a_resume_of_another_stream() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [of_stream(0, [pause()]), of_stream(1, [act_on(0), resume(REQUEST), trap()])]);
    check(
        Scenario::new(guest).script([get(&[]), get(&[])]),
        r"
        create
        request_headers 5 end
        #1 create
        #1 request_headers 5 end
        act on 0 = 0
        resume request = 0
        application: GET /
        client: nothing ...
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_after_a_reply_in_a_call() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), reply(403, "no", &[]), trap()]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        called: GET /ask
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_on_the_way_out_of_a_reply() {
    let guest = Guest::new().on(On::RequestHeaders, [reply(403, "no", &[])]).on(On::ResponseHeaders, [trap()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 3 more
        client: 503
    ",
    )
    .await;
}

/// One stream in each state, and then a trap on another one.
#[tokio::test]
async fn other_streams_of_a_dead_vm() {
    let guest = Guest::new().on(On::RequestHeaders, [of_stream(1, [pause()]), of_stream(3, [trap()])]);
    let scenario = Scenario::new(guest).script([
        post(&[("x-is", "in its body")]),
        part("a"),
        get(&[("x-is", "held")]),
        get(&[("x-is", "with the application")]),
        get(&[("x-is", "the one that traps")]),
        on(0),
        part("b"),
        last("c"),
        on(2),
        answer("200", &[]),
        answer_last("d"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 6 more
        request_body 1 more
        #1 create
        #1 request_headers 6 end
        #2 create
        #2 request_headers 6 end
        #3 create
        #3 request_headers 6 end
        application: POST / x-is=in its body `a` CUT
        application: GET / x-is=with the application
        client: 503
        client: nothing ...
        client: 503
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_stream_of_a_dead_vm_whose_answer_has_begun() {
    let guest = Guest::new().on(On::RequestHeaders, [of_stream(1, [trap()])]);
    let scenario = Scenario::new(guest).script([
        get(&[]),
        answer("200", &[]),
        answer_part("a"),
        get(&[]),
        on(0),
        answer_part("b"),
        answer_last("c"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 1 more
        #1 create
        #1 request_headers 5 end
        application: GET /
        client: 200 `a` CUT
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn a_dead_vm_is_made_anew_after_a_while() {
    let guest = Guest::new().on(On::RequestHeaders, [value(REQUEST_HEADERS, "x-trap"), of_stream(1, [trap()])]);
    let scenario = Scenario::new(guest).policy(Policy::Reload).script([
        get(&[]),
        empty_answer("204", &[]),
        get(&[]),
        Event::Backoff,
        get(&[]),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        request x-trap = 1
        response_headers 1 end
        log
        done
        delete
        #1 create
        #1 request_headers 5 end
        request x-trap = 1
        create root
        vm_start 0
        configure 0
        create
        request_headers 5 end
        request x-trap = 1
        response_headers 1 end
        log
        done
        delete
        application: GET /
        application: GET /
        client: 204
        client: 503
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_dead_vm_stays_dead() {
    let guest = Guest::new().on(On::RequestHeaders, [trap()]);
    check(
        Scenario::new(guest).script([get(&[]), Event::Backoff, get(&[])]),
        r"
        create
        request_headers 5 end
        client: 503
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn open_streams_of_a_vm_that_was_made_anew() {
    let guest = Guest::new().on(On::RequestHeaders, [of_stream(1, [trap()])]);
    let scenario = Scenario::new(guest).policy(Policy::Reload).script([
        post(&[]),
        get(&[]),
        Event::Backoff,
        get(&[]),
        on(0),
        part("late"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        #1 create
        #1 request_headers 5 end
        create root
        vm_start 0
        configure 0
        create
        request_headers 5 end
        log
        done
        delete
        application: POST / CUT
        application: GET /
        client: 503
        client: 503
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn host_calls_that_are_not_granted() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            value(REQUEST_HEADERS, ":path"),
            pairs(REQUEST_HEADERS),
            set_shared("k", "v", 0),
            ask("calls"),
            reply(403, "no", &[]),
            property(&["request", "path"]),
            resume(REQUEST),
            tick(5),
            define(0, COUNTER, "c"),
        ],
    );
    let scenario = Scenario::new(guest)
        .grant_only(&[
            "proxy_log",
            "proxy_get_header_map_value",
            "proxy_on_context_create",
            "proxy_on_vm_start",
            "proxy_on_configure",
            "proxy_on_request_headers",
            "proxy_on_response_headers",
            "proxy_on_log",
            "proxy_on_done",
            "proxy_on_delete",
        ])
        .script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        request :path = 0 `/`
        request = 10
        set shared k 0 = 10
        call calls = 10
        reply 403 = 10
        property request.path = 10
        resume request = 10
        timer every 5 = 10
        define c = 10
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
async fn a_log_that_is_not_granted() {
    let guest = Guest::new().on(On::RequestHeaders, [reply(403, "no", &[])]);
    let scenario = Scenario::new(guest)
        .grant_only(&["proxy_send_local_response", "proxy_on_context_create", "proxy_on_request_headers"])
        .script([get(&[])]);
    check(
        scenario,
        r"
        client: 403 content-length=2 content-type=text/plain `no`
    ",
    )
    .await;
}

/// Only streams that begin after the failure go on without the guest.
#[tokio::test]
async fn streams_of_a_dead_vm_that_fails_open() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [of_stream(1, [pause()]), of_stream(2, [trap()])])
        .on(On::RequestBody, [before_end([pause()])]);
    let scenario = Scenario::new(guest).policy(Policy::Open).script([
        post(&[("x-is", "in its body")]),
        part("a"),
        get(&[("x-is", "held")]),
        get(&[("x-is", "the one that traps")]),
        get(&[("x-is", "later")]),
        on(0),
        last("b"),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 6 more
        request_body 1 more
        #1 create
        #1 request_headers 6 end
        #2 create
        #2 request_headers 6 end
        application: POST / x-is=in its body CUT
        application: GET / x-is=later
        client: 503
        client: nothing ...
        client: 503
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_an_answer_that_fails_open() {
    let guest = Guest::new().on(On::ResponseHeaders, [trap()]);
    let scenario = Scenario::new(guest).policy(Policy::Open).script([get(&[]), answer("200", &[]), answer_last("a")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        application: GET /
        client: 503
    ",
    )
    .await;
}
