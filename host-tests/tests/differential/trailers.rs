//! Point (e): trailers, and messages that have no body.

use crate::check::check;
use crate::guest::{
    Guest, On, REQUEST, REQUEST_BODY, REQUEST_TRAILERS, RESPONSE_TRAILERS, act_on, add, ask, buffer, pairs, pause,
    remove, replace, resume, set_buffer, set_pairs, value,
};
use crate::scenario::{
    Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last, only_headers,
    part, post, trailers,
};

#[tokio::test]
async fn with_trailers_no_body_callback_has_an_end() {
    let scenario = Scenario::new(Guest::new()).script([
        post(&[]),
        part("one"),
        trailers(&[("x-t", "1"), ("x-u", "2")]),
        answer("200", &[]),
        answer_part("two"),
        answer_trailers(&[("x-v", "3")]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_trailers 2
        response_headers 1 more
        response_body 3 more
        response_trailers 1
        log
        done
        delete
        application: POST / `one` then x-t=1 then x-u=2
        client: 200 `two` then x-v=3
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_without_a_body() {
    let scenario = Scenario::new(Guest::new()).script([
        post(&[]),
        trailers(&[("x-t", "1")]),
        answer("200", &[]),
        answer_trailers(&[("x-v", "3")]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_trailers 1
        response_headers 1 more
        response_trailers 1
        log
        done
        delete
        application: POST / then x-t=1
        client: 200 then x-v=3
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_release_a_held_body() {
    let guest = Guest::new()
        .on(On::RequestBody, [pause()])
        .on(On::RequestTrailers, [buffer(REQUEST_BODY, 0, 99), pairs(REQUEST_TRAILERS)]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("one"),
        part("two"),
        trailers(&[("x-t", "1")]),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_body 6 more
        request_trailers 1
        buffer 0 0+99 = 0 `onetwo`
        request trailers = 0 `x-t|1|`
        response_headers 1 end
        log
        done
        delete
        application: POST / `onetwo` then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_release_held_headers_with_the_flag() {
    let guest = Guest::new().on(On::RequestHeaders, [pause()]).on(On::RequestBody, [pause()]);
    let scenario = Scenario::new(guest).stop_iteration().script([
        post(&[]),
        part("one"),
        trailers(&[("x-t", "1")]),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_trailers 1
        response_headers 1 end
        log
        done
        delete
        application: POST / `one` then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_while_all_is_stopped() {
    let guest =
        Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(On::CallResponse, [act_on(0), resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("one"),
        trailers(&[("x-t", "1")]),
        call_answer("200", ""),
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
        request_body 3 more
        request_trailers 1
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `one` then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_alone_while_all_is_stopped() {
    let guest =
        Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(On::CallResponse, [act_on(0), resume(REQUEST)]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        trailers(&[("x-t", "1")]),
        call_answer("200", ""),
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
        request_trailers 1
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_body_replaced_in_trailers() {
    let guest =
        Guest::new().on(On::RequestBody, [pause()]).on(On::RequestTrailers, [set_buffer(REQUEST_BODY, 0, 99, "new")]);
    let scenario =
        Scenario::new(guest).script([post(&[]), part("old"), trailers(&[("x-t", "1")]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_trailers 1
        set buffer 0 0+99 = 0
        response_headers 1 end
        log
        done
        delete
        application: POST / `new` then x-t=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn trailers_changed() {
    let guest = Guest::new()
        .on(
            On::RequestTrailers,
            [
                value(REQUEST_TRAILERS, "x-t"),
                replace(REQUEST_TRAILERS, "x-t", "2"),
                add(REQUEST_TRAILERS, "x-new", "3"),
                remove(REQUEST_TRAILERS, "x-u"),
            ],
        )
        .on(On::ResponseTrailers, [set_pairs(RESPONSE_TRAILERS, &[("x-other", "4")])]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        trailers(&[("x-t", "1"), ("x-u", "2")]),
        answer("200", &[]),
        answer_trailers(&[("x-v", "3")]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_trailers 2
        request trailers x-t = 0 `1`
        replace x-t = 0
        add x-new = 0
        remove x-u = 0
        response_headers 1 more
        response_trailers 1
        set pairs = 0
        log
        done
        delete
        application: POST / then x-t=2 then x-new=3
        client: 200 then x-other=4
    ",
    )
    .await;
}

#[tokio::test]
async fn a_post_of_length_zero() {
    let scenario = Scenario::new(Guest::new())
        .script([only_headers("POST", &[("content-length", "0")]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 6 end
        response_headers 1 end
        log
        done
        delete
        application: POST / content-length=0
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_post_whose_body_is_only_an_end() {
    let scenario = Scenario::new(Guest::new()).script([post(&[]), last(""), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 0 end
        response_headers 1 end
        log
        done
        delete
        application: POST /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn an_answer_to_head() {
    let scenario = Scenario::new(Guest::new())
        .script([only_headers("HEAD", &[]), empty_answer("200", &[("content-length", "5")])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 2 end
        log
        done
        delete
        application: HEAD /
        client: 200 content-length=5
    ",
    )
    .await;
}

#[tokio::test]
async fn an_answer_whose_body_is_only_an_end() {
    let scenario = Scenario::new(Guest::new()).script([get(&[]), answer("200", &[]), answer_last("")]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 0 end
        log
        done
        delete
        application: GET /
        client: 200
    ",
    )
    .await;
}

#[tokio::test]
async fn an_answer_before_the_request_has_ended() {
    let scenario = Scenario::new(Guest::new()).script([post(&[]), part("one"), empty_answer("413", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 3 more
        response_headers 1 end
        log
        done
        delete
        application: POST / `one` CUT
        client: 413
    ",
    )
    .await;
}
