//! Where a reply can come from.

use super::{X, showing};
use crate::check::{check, check_apart};
use crate::guest::{Guest, On, REQUEST, act_on, ask, at_end, close, first, pause, reply, resume, say};
use crate::scenario::{
    Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last, part, post,
    trailers,
};

#[tokio::test]
async fn from_request_headers() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "no", X), say("after"), pause()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        after
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_request_body_after_its_headers_have_gone() {
    let guest = showing().on(On::RequestBody, [at_end([reply(403, "no", X)]), pause()]);
    check(
        Scenario::new(guest).script([post(&[]), part("ab"), last("cd")]),
        r"
        create
        request_headers 5 more
        request_body 2 more
        request_body 4 end
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        application: POST / CUT
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_request_body_with_its_headers_held() {
    let guest =
        showing().on(On::RequestHeaders, [pause()]).on(On::RequestBody, [at_end([reply(403, "no", X)]), pause()]);
    check(
        Scenario::new(guest).stop_iteration().script([post(&[]), part("ab"), last("cd")]),
        r"
        create
        request_headers 5 more
        request_body 2 more
        request_body 4 end
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_request_trailers() {
    let guest = showing().on(On::RequestBody, [pause()]).on(On::RequestTrailers, [reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([post(&[]), part("ab"), trailers(&[("x-t", "1")])]),
        r"
        create
        request_headers 5 more
        request_body 2 more
        request_trailers 1
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        application: POST / CUT
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_response_headers() {
    let guest = Guest::new().on(On::ResponseHeaders, [first([reply(502, "no", X), pause()])]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[("x-app", "1")]), answer_last("hello")]),
        r"
        create
        request_headers 5 end
        response_headers 2 more
        reply 502 = 0
        log
        done
        delete
        application: GET /
        client: 502 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_the_response_body_with_the_answer_gone() {
    let guest = Guest::new().on(On::ResponseBody, [first([reply(502, "no", X), pause()])]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_part("hello"), answer_last("more")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 5 more
        reply 502 = 0
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
async fn from_the_response_body_with_the_answer_held() {
    let guest =
        Guest::new().on(On::ResponseHeaders, [pause()]).on(On::ResponseBody, [first([reply(502, "no", X)]), pause()]);
    check(
        Scenario::new(guest).stop_iteration().script([get(&[]), answer("200", &[]), answer_part("hello")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 5 more
        reply 502 = 0
        log
        done
        delete
        application: GET /
        client: 502 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_response_trailers_with_the_answer_gone() {
    let guest = Guest::new().on(On::ResponseTrailers, [reply(502, "no", X)]);
    check(
        Scenario::new(guest).script([
            get(&[]),
            answer("200", &[]),
            answer_part("hello"),
            answer_trailers(&[("x-t", "1")]),
        ]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 5 more
        response_trailers 1
        reply 502 = 0
        log
        done
        delete
        application: GET /
        client: 200 `hello` CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn from_a_call_while_the_request_is_held() {
    let guest = showing()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([post(&[]), part("ab"), call_answer("200", "")]),
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        called: GET /ask
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_a_call_while_an_answer_is_held() {
    let guest = Guest::new()
        .on(On::ResponseHeaders, [first([ask("calls"), pause()])])
        .on(On::CallResponse, [act_on(0), reply(502, "no", X)]);
    check(
        Scenario::new(guest).script([
            get(&[]),
            answer("200", &[("x-app", "1")]),
            answer_part("hello"),
            call_answer("200", ""),
        ]),
        r"
        create
        request_headers 5 end
        response_headers 2 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 502 = 0
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 502 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_a_call_while_an_answer_without_a_body_is_held() {
    let guest = Guest::new()
        .on(On::ResponseHeaders, [first([ask("calls"), pause()])])
        .on(On::CallResponse, [act_on(0), reply(502, "no", X)]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[("x-app", "1")]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        response_headers 2 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 502 = 0
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 502 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn from_a_call_after_the_answer_has_begun() {
    let guest =
        Guest::new().on(On::RequestHeaders, [ask("calls")]).on(On::CallResponse, [act_on(0), reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_part("hello"), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        response_headers 1 more
        response_body 5 more
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 `hello` CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn from_a_call_after_the_request_has_gone_on() {
    let guest = showing().on(On::RequestHeaders, [ask("calls")]).on(On::CallResponse, [act_on(0), reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

/// The host records it as fatal.
#[tokio::test]
async fn from_the_log() {
    let guest = Guest::new().on(On::Log, [first([reply(500, "late", X)])]);
    check_apart(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        reply 500 = 0
        log
        done
        delete
        THE PROXY DIED
        application: GET /
    ",
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        reply 500 = 0
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_reply_from_the_root_context() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [reply(403, "no", X), resume(REQUEST), close(REQUEST)]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        reply 403 = 0
        resume request = 0
        close request = 0
        log
        done
        delete
        called: GET /ask
        client: nothing ...
    ",
    )
    .await;
}
