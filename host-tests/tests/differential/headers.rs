//! Point (d): header maps, and when they are there.

use crate::check::{check, check_apart};
use crate::guest::{
    CALL_HEADERS, Guest, On, REQUEST, REQUEST_HEADERS, REQUEST_TRAILERS, RESPONSE, RESPONSE_HEADERS, RESPONSE_TRAILERS,
    act_on, add, ask, map_size, pairs, pause, remove, replace, resume, set_pairs, set_too_many_pairs, value,
};
use crate::scenario::{
    Event, Scenario, answer, answer_last, answer_part, answer_trailers, call_answer, empty_answer, get, last, part,
    post, trailers,
};

#[tokio::test]
async fn getters_give_the_first_value_and_the_map_all() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            value(REQUEST_HEADERS, "x-a"),
            value(REQUEST_HEADERS, "X-A"),
            value(REQUEST_HEADERS, "x-none"),
            value(REQUEST_HEADERS, "x-empty"),
            value(REQUEST_HEADERS, ":path"),
            pairs(REQUEST_HEADERS),
        ],
    );
    let scenario =
        Scenario::new(guest).script([get(&[("x-a", "1"), ("x-a", "2"), ("x-empty", "")]), empty_answer("204", &[])]);
    check(scenario, r"
        create
        request_headers 8 end
        request x-a = 0 `1`
        request X-A = 0 `1`
        request x-none = 1
        request x-empty = 0 ``
        request :path = 0 `/`
        request = 0 `:method|GET|:scheme|http|:authority|example.com|:path|/|x-a|1|x-a|2|x-empty||x-forwarded-proto|http|`
        response_headers 1 end
        log
        done
        delete
        application: GET / x-a=1 x-a=2 x-empty=
        client: 204
    ").await;
}

#[tokio::test]
async fn cookies_of_several_lines() {
    let guest = Guest::new().on(On::RequestHeaders, [value(REQUEST_HEADERS, "cookie")]);
    let scenario = Scenario::new(guest).script([get(&[("cookie", "a=1; b=2")]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 6 end
        request cookie = 0 `a=1; b=2`
        response_headers 1 end
        log
        done
        delete
        application: GET / cookie=a=1; b=2
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn add_replace_and_remove_know_no_case() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            add(REQUEST_HEADERS, "X-A", "3"),
            replace(REQUEST_HEADERS, "X-B", "4"),
            remove(REQUEST_HEADERS, "X-C"),
            replace(REQUEST_HEADERS, "x-new", ""),
            remove(REQUEST_HEADERS, "x-none"),
            value(REQUEST_HEADERS, "x-b"),
            pairs(REQUEST_HEADERS),
        ],
    );
    let scenario = Scenario::new(guest).script([
        get(&[("x-a", "1"), ("x-b", "1"), ("x-b", "2"), ("x-c", "1"), ("x-c", "2")]),
        empty_answer("204", &[]),
    ]);
    check(scenario, r"
        create
        request_headers 10 end
        add X-A = 0
        replace X-B = 0
        remove X-C = 0
        replace x-new = 0
        remove x-none = 0
        request x-b = 0 `4`
        request = 0 `:method|GET|:scheme|http|:authority|example.com|:path|/|x-a|1|x-forwarded-proto|http|x-a|3|x-b|4|x-new||`
        response_headers 1 end
        log
        done
        delete
        application: GET / x-a=1 x-a=3 x-b=4 x-new=
        client: 204
    ").await;
}

#[tokio::test]
async fn known_headers_that_repeat() {
    let guest = Guest::new()
        .on(
            On::RequestHeaders,
            [
                add(REQUEST_HEADERS, "content-type", "b"),
                add(REQUEST_HEADERS, "accept", "b"),
                add(REQUEST_HEADERS, "cookie", "b=2"),
                add(REQUEST_HEADERS, ":path", "/b"),
                value(REQUEST_HEADERS, "content-type"),
                value(REQUEST_HEADERS, "accept"),
                value(REQUEST_HEADERS, "cookie"),
                value(REQUEST_HEADERS, ":path"),
            ],
        )
        .on(
            On::ResponseHeaders,
            [
                add(RESPONSE_HEADERS, "content-type", "b"),
                add(RESPONSE_HEADERS, "set-cookie", "b=2"),
                add(RESPONSE_HEADERS, "location", "/b"),
                pairs(RESPONSE_HEADERS),
            ],
        );
    let scenario = Scenario::new(guest).script([
        get(&[("content-type", "a"), ("accept", "a"), ("cookie", "a=1")]),
        empty_answer("200", &[("content-type", "a"), ("set-cookie", "a=1"), ("location", "/a")]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 8 end
        add content-type = 0
        add accept = 0
        add cookie = 0
        add :path = 0
        request content-type = 0 `a,b`
        request accept = 0 `a,b`
        request cookie = 0 `a=1`
        request :path = 0 `/,/b`
        response_headers 4 end
        add content-type = 0
        add set-cookie = 0
        add location = 0
        response = 0 `:status|200|content-type|a,b|set-cookie|a=1|location|/a,/b|set-cookie|b=2|`
        log
        done
        delete
        application: GET /,/b accept=a,b content-type=a,b cookie=a=1 cookie=b=2
        client: 200 content-type=a,b location=/a,/b set-cookie=a=1 set-cookie=b=2
    ",
    )
    .await;
}

#[tokio::test]
async fn the_whole_map_is_replaced() {
    let guest = Guest::new()
        .on(
            On::RequestHeaders,
            [
                set_pairs(
                    REQUEST_HEADERS,
                    &[
                        (":method", "PUT"),
                        (":scheme", "http"),
                        (":authority", "other.example"),
                        (":path", "/other"),
                        // Without it no route is found.
                        ("x-forwarded-proto", "http"),
                        ("X-New", "1"),
                        ("x-new", "2"),
                    ],
                ),
                pairs(REQUEST_HEADERS),
            ],
        )
        .on(On::ResponseHeaders, [set_pairs(RESPONSE_HEADERS, &[(":status", "201"), ("x-new", "3")])]);
    let scenario = Scenario::new(guest).script([get(&[("x-a", "1")]), empty_answer("204", &[("x-b", "1")])]);
    check(scenario, r"
        create
        request_headers 6 end
        set pairs = 0
        request = 0 `:method|PUT|:scheme|http|:authority|other.example|:path|/other|x-forwarded-proto|http|x-new|1|x-new|2|`
        response_headers 2 end
        set pairs = 0
        log
        done
        delete
        application: PUT /other x-new=1 x-new=2
        client: 201 x-new=3
    ").await;
}

#[tokio::test]
async fn a_block_of_too_many_pairs_empties_the_map() {
    let guest =
        Guest::new().on(On::ResponseTrailers, [set_too_many_pairs(RESPONSE_TRAILERS), pairs(RESPONSE_TRAILERS)]);
    let scenario =
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_part("a"), answer_trailers(&[("x-t", "1")])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 1 more
        response_trailers 1
        set 1025 pairs = 0
        response trailers = 0 ``
        log
        done
        delete
        application: GET /
        client: 200 `a`
    ",
    )
    .await;
}

/// No route is found, and the host has no routes.
#[tokio::test]
async fn a_request_without_its_path() {
    let guest = Guest::new().on(On::RequestHeaders, [remove(REQUEST_HEADERS, ":path")]);
    check_apart(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        remove :path = 0
        response_headers 1 end
        log
        done
        delete
        client: 404
    ",
        r"
        create
        request_headers 5 end
        remove :path = 0
        log
        done
        delete
        application: GET
        client: nothing ...
    ",
    )
    .await;
}

/// The router refuses it, and the host has no router.
#[tokio::test]
async fn a_request_without_its_method() {
    let guest = Guest::new().on(On::RequestHeaders, [remove(REQUEST_HEADERS, ":method")]);
    check_apart(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        remove :method = 0
        response_headers 3 more
        response_body 32 end
        log
        done
        delete
        client: 503 content-length=32 content-type=text/plain `missing required header: :method`
    ",
        r"
        create
        request_headers 5 end
        remove :method = 0
        log
        done
        delete
        application: /
        client: nothing ...
    ",
    )
    .await;
}

/// The codec refuses what it is to send, and the host has no codec.
#[tokio::test]
async fn an_answer_without_its_status() {
    let guest =
        Guest::new().on(On::ResponseHeaders, [remove(RESPONSE_HEADERS, ":status"), value(RESPONSE_HEADERS, ":status")]);
    check_apart(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        response_headers 1 end
        remove :status = 0
        response :status = 1
        log
        done
        delete
        application: GET /
        client: 502 content-length=32 content-type=text/plain `missing required header: :status`
    ",
        r"
        create
        request_headers 5 end
        response_headers 1 end
        remove :status = 0
        response :status = 1
        log
        done
        delete
        application: GET /
        client:
    ",
    )
    .await;
}

#[tokio::test]
async fn the_map_is_gone_once_its_message_has_gone_on() {
    let late = || {
        [
            value(REQUEST_HEADERS, ":path"),
            pairs(REQUEST_HEADERS),
            map_size(REQUEST_HEADERS),
            add(REQUEST_HEADERS, "x-a", "1"),
            replace(REQUEST_HEADERS, "x-a", "1"),
            remove(REQUEST_HEADERS, "x-a"),
            set_pairs(REQUEST_HEADERS, &[("x-a", "1")]),
        ]
    };
    let guest = Guest::new().on(On::RequestBody, late()).on(On::ResponseHeaders, late());
    check(
        Scenario::new(guest).script([post(&[]), last("a"), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 more
        request_body 1 end
        request :path = 2
        request = 0 ``
        request size = 2
        add x-a = 2
        replace x-a = 2
        remove x-a = 2
        set pairs = 2
        response_headers 1 end
        request :path = 2
        request = 0 ``
        request size = 2
        add x-a = 2
        replace x-a = 2
        remove x-a = 2
        set pairs = 2
        log
        done
        delete
        application: POST / `a`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn held_headers_can_be_changed_until_the_resume() {
    let guest = Guest::new().on(On::RequestHeaders, [ask("calls"), pause()]).on(
        On::CallResponse,
        [
            act_on(0),
            value(REQUEST_HEADERS, ":path"),
            add(REQUEST_HEADERS, "x-a", "1"),
            resume(REQUEST),
            value(REQUEST_HEADERS, ":path"),
            pairs(REQUEST_HEADERS),
            add(REQUEST_HEADERS, "x-b", "1"),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), call_answer("200", ""), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        request :path = 0 `/`
        add x-a = 0
        resume request = 0
        request :path = 2
        request = 0 ``
        add x-b = 2
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: GET / x-a=1
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn held_response_headers_can_be_changed_until_the_resume_and_after() {
    let guest = Guest::new().on(On::ResponseHeaders, [ask("calls"), pause()]).on(
        On::CallResponse,
        [
            act_on(0),
            add(RESPONSE_HEADERS, "x-a", "1"),
            resume(RESPONSE),
            value(RESPONSE_HEADERS, ":status"),
            add(RESPONSE_HEADERS, "x-b", "1"),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), call_answer("200", ""), answer_last("a")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        add x-a = 0
        resume response = 0
        response :status = 0 `200`
        add x-b = 0
        response_body 1 end
        log
        done
        delete
        called: GET /ask
        application: GET /
        client: 200 x-a=1 x-b=1 `a`
    ",
    )
    .await;
}

#[tokio::test]
async fn held_headers_can_be_changed_in_the_body() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [pause()])
        .on(On::RequestBody, [add(REQUEST_HEADERS, "x-a", "1"), value(REQUEST_HEADERS, ":path")])
        .on(On::ResponseHeaders, [pause()])
        .on(On::ResponseBody, [add(RESPONSE_HEADERS, "x-b", "1"), value(RESPONSE_HEADERS, ":status")]);
    let scenario = Scenario::new(guest).stop_iteration().script([
        post(&[]),
        part("a"),
        last("b"),
        answer("200", &[]),
        answer_part("c"),
        answer_last("d"),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 1 more
        add x-a = 0
        request :path = 0 `/`
        request_body 1 end
        add x-a = 0
        request :path = 0 `/`
        response_headers 1 more
        response_body 1 more
        add x-b = 0
        response :status = 0 `200`
        response_body 1 end
        add x-b = 0
        response :status = 0 `200`
        log
        done
        delete
        application: POST / x-a=1 `ab`
        client: 200 x-b=1 `cd`
    ",
    )
    .await;
}

#[tokio::test]
async fn maps_of_another_phase_are_not_there() {
    let guest = Guest::new()
        .on(
            On::RequestHeaders,
            [
                value(RESPONSE_HEADERS, ":status"),
                pairs(RESPONSE_HEADERS),
                add(RESPONSE_HEADERS, "x-a", "1"),
                value(REQUEST_TRAILERS, "x-t"),
                value(CALL_HEADERS, ":status"),
                pairs(CALL_HEADERS),
                value(4, "x"),
                pairs(5),
                value(99, "x"),
                pairs(99),
            ],
        )
        .on(On::Create, [value(REQUEST_HEADERS, ":path")]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request :path = 2
        request_headers 5 end
        response :status = 2
        response = 0 ``
        add x-a = 2
        request trailers x-t = 2
        call :status = 2
        call = 0 ``
        metadata x = 2
        late metadata = 0 ``
        map 99 x = 2
        map 99 = 2
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
async fn maps_are_back_in_the_log() {
    let guest = Guest::new()
        .on(
            On::Log,
            [
                value(REQUEST_HEADERS, ":path"),
                value(REQUEST_HEADERS, "x-none"),
                value(RESPONSE_HEADERS, ":status"),
                value(RESPONSE_TRAILERS, "x-t"),
                value(REQUEST_TRAILERS, "x-t"),
                add(REQUEST_HEADERS, "x-a", "1"),
                replace(RESPONSE_HEADERS, "x-a", "1"),
            ],
        )
        .on(On::Done, [value(REQUEST_HEADERS, ":path")])
        .on(On::Delete, [value(REQUEST_HEADERS, ":path")]);
    let scenario = Scenario::new(guest).script([
        post(&[]),
        part("a"),
        trailers(&[("x-t", "1")]),
        answer("200", &[]),
        answer_part("b"),
        answer_trailers(&[("x-t", "2")]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 more
        request_body 1 more
        request_trailers 1
        response_headers 1 more
        response_body 1 more
        response_trailers 1
        log
        request :path = 0 `/`
        request x-none = 1
        response :status = 0 `200`
        response trailers x-t = 0 `2`
        request trailers x-t = 1
        add x-a = 2
        replace x-a = 2
        done
        request :path = 2
        delete
        request :path = 2
        application: POST / `a` then x-t=1
        client: 200 `b` then x-t=2
    ",
    )
    .await;
}

#[tokio::test]
async fn maps_in_the_log_of_a_request_that_got_no_answer() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [pause()])
        .on(On::Log, [value(REQUEST_HEADERS, ":path"), value(RESPONSE_HEADERS, ":status"), pairs(RESPONSE_HEADERS)]);
    check(
        Scenario::new(guest).script([get(&[]), Event::Gone]),
        r"
        create
        request_headers 5 end
        log
        request :path = 0 `/`
        response :status = 1
        response = 0 ``
        done
        delete
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn the_size_of_a_map() {
    let guest = Guest::new().on(On::ResponseHeaders, [map_size(RESPONSE_HEADERS)]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[("x-a", "1")])]),
        r"
        create
        request_headers 5 end
        response_headers 2 end
        response size = 0 14
        log
        done
        delete
        application: GET /
        client: 204 x-a=1
    ",
    )
    .await;
}
