//! Point (f): local replies, from wherever a guest can give one.

use crate::check::{check, check_apart};
use crate::guest::{
    Guest, On, REQUEST, RESPONSE, RESPONSE_BODY, RESPONSE_HEADERS, act_on, add, ask, at_end, buffer, close, first,
    of_stream, pairs, pause, property, remove, replace, reply, resume, say, set_buffer,
};
use crate::scenario::{
    Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last, only_headers,
    part, post, trailers,
};

const X: &[(&str, &str)] = &[("x-reply", "1")];

fn showing() -> Guest {
    Guest::new()
        .on(On::ResponseHeaders, [pairs(RESPONSE_HEADERS), property(&["response", "code_details"])])
        .on(On::ResponseBody, [buffer(RESPONSE_BODY, 0, 99)])
}

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
async fn what_the_callback_returns_is_ignored() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([post(&[]), last("late")]),
        r"
        create
        request_headers 5 more
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
async fn without_a_body() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(401, "", &[("content-type", "text/html"), ("www-authenticate", "Basic")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 401 = 0
        response_headers 2 end
        response = 0 `:status|401|www-authenticate|Basic|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 401 www-authenticate=Basic
    ",
    )
    .await;
}

#[tokio::test]
async fn with_a_type_and_a_length_of_its_own() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(200, "{}", &[("content-type", "application/json"), ("content-length", "77")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 200 = 0
        response_headers 3 more
        response = 0 `:status|200|content-type|application/json|content-length|2|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `{}`
        log
        done
        delete
        client: 200 content-length=2 content-type=application/json `{}`
    ",
    )
    .await;
}

#[tokio::test]
async fn with_headers_that_repeat() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(302, "", &[("set-cookie", "a=1"), ("set-cookie", "b=2"), ("Location", "/x")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 302 = 0
        response_headers 4 end
        response = 0 `:status|302|set-cookie|a=1|set-cookie|b=2|location|/x|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 302 location=/x set-cookie=a=1 set-cookie=b=2
    ",
    )
    .await;
}

#[tokio::test]
async fn with_a_status_header_of_its_own() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "", &[(":status", "200")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 1 end
        response = 0 `:status|403|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 403
    ",
    )
    .await;
}

#[tokio::test]
async fn to_head() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([only_headers("HEAD", &[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 end
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 403 content-length=2 content-type=text/plain x-reply=1
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

#[tokio::test]
async fn twice_in_one_callback() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "first", X), reply(500, "second", X), pause()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        reply 500 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|5|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 5 end
        buffer 1 0+99 = 0 `first`
        log
        done
        delete
        client: 403 content-length=5 content-type=text/plain x-reply=1 `first`
    ",
    )
    .await;
}

#[tokio::test]
async fn twice_in_one_body_callback() {
    let guest = Guest::new().on(On::RequestBody, [reply(403, "first", X), reply(500, "second", X)]);
    check(
        Scenario::new(guest).script([post(&[]), last("a")]),
        r"
        create
        request_headers 5 more
        request_body 1 end
        reply 403 = 0
        reply 500 = 0
        response_headers 4 more
        response_body 5 end
        log
        done
        delete
        application: POST / CUT
        client: 403 content-length=5 content-type=text/plain x-reply=1 `first`
    ",
    )
    .await;
}

#[tokio::test]
async fn twice_from_a_call() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), reply(403, "first", X), reply(500, "second", X)]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        reply 500 = 0
        response_headers 4 more
        log
        done
        delete
        called: GET /ask
        client: 500 content-length=6 content-type=text/plain x-reply=1 `second`
    ",
    )
    .await;
}

/// The host records it as fatal.
#[tokio::test]
async fn twice_from_a_call_without_response_callbacks() {
    let guest = Guest::new()
        .without(On::ResponseHeaders)
        .without(On::ResponseBody)
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), reply(403, "first", X), reply(500, "second", X)]);
    check_apart(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        reply 500 = 0
        log
        log
        done
        delete
        THE PROXY DIED
        called: GET /ask
    ",
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        reply 500 = 0
        log
        done
        delete
        called: GET /ask
        client: 403 content-length=5 content-type=text/plain x-reply=1 `first`
    ",
    )
    .await;
}

/// The host records it as fatal.
#[tokio::test]
async fn twice_in_response_headers() {
    let guest = Guest::new().on(On::ResponseHeaders, [first([reply(502, "first", X), reply(500, "second", X)])]);
    check_apart(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_last("a")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        reply 502 = 0
        reply 500 = 0
        log
        log
        done
        delete
        THE PROXY DIED
        application: GET /
    ",
        r"
        create
        request_headers 5 end
        response_headers 1 more
        reply 502 = 0
        reply 500 = 0
        log
        done
        delete
        application: GET /
        client: 502 content-length=5 content-type=text/plain x-reply=1 `first`
    ",
    )
    .await;
}

#[tokio::test]
async fn after_a_resume_in_one_callback() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [of_stream(1, [ask("calls"), pause()])])
        .on(On::CallResponse, [act_on(1), resume(REQUEST), reply(403, "no", X)]);
    // The first stream is there so that a connection to the application is open when the second one is resumed.
    let scenario = Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), get(&[]), call_answer("200", "")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        done
        delete
        #1 create
        #1 request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 1 = 0
        resume request = 0
        reply 403 = 0
        #1 response_headers 4 more
        #1 response_body 2 end
        #1 log
        #1 done
        #1 delete
        called: GET /ask
        application: GET /
        application: GET /
        client: 204
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn before_a_resume_in_one_callback() {
    let guest = showing()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), reply(403, "no", X), resume(REQUEST)]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        reply 403 = 0
        resume request = 0
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
async fn its_own_headers_can_be_changed_on_the_way_out() {
    let guest = Guest::new().on(On::RequestHeaders, [reply(403, "no", X)]).on(
        On::ResponseHeaders,
        [
            add(RESPONSE_HEADERS, "x-added", "2"),
            replace(RESPONSE_HEADERS, "x-reply", "3"),
            replace(RESPONSE_HEADERS, ":status", "418"),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 more
        add x-added = 0
        replace x-reply = 0
        replace :status = 0
        response_body 2 end
        log
        done
        delete
        client: 418 content-length=2 content-type=text/plain x-added=2 x-reply=3 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn its_own_body_can_be_changed_on_the_way_out() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [reply(403, "no", X)])
        .on(On::ResponseHeaders, [remove(RESPONSE_HEADERS, "content-length")])
        .on(On::ResponseBody, [set_buffer(RESPONSE_BODY, 0, 99, "changed")]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 more
        remove content-length = 0
        response_body 2 end
        set buffer 1 0+99 = 0
        log
        done
        delete
        client: 403 content-type=text/plain x-reply=1 `changed`
    ",
    )
    .await;
}

#[tokio::test]
async fn paused_on_the_way_out() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [reply(403, "no", X)])
        .on(On::ResponseHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), resume(RESPONSE)]);
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", "")]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        resume response = 0
        response_body 2 end
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
async fn a_second_one_from_its_own_way_out() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [reply(403, "first", X)])
        .on(On::ResponseHeaders, [first([reply(500, "second", X)])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 more
        reply 500 = 0
        response_body 5 end
        log
        done
        delete
        client: 500 content-length=6 content-type=text/plain x-reply=1 `second`
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
async fn a_stream_closed_in_request_headers() {
    let guest = Guest::new().on(On::RequestHeaders, [close(REQUEST), pause()]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        close request = 0
        log
        done
        delete
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn a_stream_closed_in_the_request_body() {
    let guest = Guest::new().on(On::RequestBody, [close(REQUEST), pause()]);
    check(
        Scenario::new(guest).script([post(&[]), part("ab"), last("cd")]),
        r"
        create
        request_headers 5 more
        request_body 2 more
        close request = 0
        log
        done
        delete
        application: POST / CUT
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn a_stream_closed_in_response_headers() {
    let guest = Guest::new().on(On::ResponseHeaders, [close(RESPONSE), pause()]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[])]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        close response = 0
        log
        done
        delete
        application: GET /
        client: nothing CUT
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
