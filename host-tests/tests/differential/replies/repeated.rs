//! Two replies, a reply and a resume, and what ends a stream otherwise.

use super::{X, showing};
use crate::check::{check, check_apart};
use crate::guest::{Guest, On, REQUEST, RESPONSE, act_on, ask, close, first, of_stream, pause, reply, resume};
use crate::scenario::{Scenario, answer, answer_last, call_answer, empty_answer, get, last, part, post};

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
