//! Buffers: what is read and written where.

use crate::check::{check, check_apart};
use crate::guest::{
    CALL_BODY, CONFIGURATION, Guest, On, REQUEST, REQUEST_BODY, REQUEST_HEADERS, RESPONSE_BODY, VM_CONFIGURATION,
    act_on, ask, at_end, before_end, buffer, buffer_status, pause, remove, resume, set_buffer,
};
use crate::scenario::{Scenario, answer, answer_last, call_answer, empty_answer, get, last, part, post};

#[tokio::test]
async fn parts_of_a_body() {
    let guest = Guest::new().on(
        On::RequestBody,
        [
            buffer(REQUEST_BODY, 0, 2),
            buffer(REQUEST_BODY, 2, 2),
            buffer(REQUEST_BODY, 4, 100),
            buffer(REQUEST_BODY, 6, 1),
            buffer(REQUEST_BODY, 99, 1),
            buffer(REQUEST_BODY, 0, -1),
            buffer(REQUEST_BODY, -1, -1),
            buffer(REQUEST_BODY, 2, -1),
            buffer(REQUEST_BODY, 0, 0),
            buffer_status(REQUEST_BODY),
        ],
    );
    check(
        Scenario::new(guest).script([post(&[]), last("abcdef"), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 more
        request_body 6 end
        buffer 0 0+2 = 0 `ab`
        buffer 0 2+2 = 0 `cd`
        buffer 0 4+100 = 0 `ef`
        buffer 0 6+1 = 0 ``
        buffer 0 99+1 = 0 ``
        buffer 0 0+-1 = 0 `abcdef`
        buffer 0 -1+-1 = 0 ``
        buffer 0 2+-1 = 0 `cdef`
        buffer 0 0+0 = 0 ``
        buffer 0 size = 0 6
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
async fn bodies_that_are_not_there() {
    let guest = Guest::new()
        .on(
            On::RequestHeaders,
            [
                buffer(REQUEST_BODY, 0, 9),
                buffer_status(REQUEST_BODY),
                buffer(RESPONSE_BODY, 0, 9),
                buffer(2, 0, 9),
                buffer(3, 0, 9),
                buffer(CALL_BODY, 0, 9),
                buffer(5, 0, 9),
                buffer(8, 0, 9),
                buffer(9, 0, 9),
                buffer(99, 0, 9),
                set_buffer(REQUEST_BODY, 0, 0, "x"),
                set_buffer(RESPONSE_BODY, 0, 0, "x"),
                set_buffer(CALL_BODY, 0, 0, "x"),
                set_buffer(CONFIGURATION, 0, 0, "x"),
                set_buffer(99, 0, 0, "x"),
            ],
        )
        .on(On::ResponseHeaders, [buffer(REQUEST_BODY, 0, 9), buffer(RESPONSE_BODY, 0, 9)])
        .on(On::ResponseBody, [buffer(REQUEST_BODY, 0, 9), set_buffer(REQUEST_BODY, 0, 0, "x")])
        .on(On::Log, [buffer(REQUEST_BODY, 0, 9), buffer(RESPONSE_BODY, 0, 9)]);
    check(
        Scenario::new(guest).script([post(&[]), last("abc"), answer("200", &[]), answer_last("d")]),
        r"
        create
        request_headers 5 more
        buffer 0 0+9 = 0 ``
        buffer 0 size = 0 0
        buffer 1 0+9 = 0 ``
        buffer 2 0+9 = 0 ``
        buffer 3 0+9 = 0 ``
        buffer 4 0+9 = 1
        buffer 5 0+9 = 0 ``
        buffer 8 0+9 = 0 ``
        buffer 9 0+9 = 2
        buffer 99 0+9 = 2
        set buffer 0 0+0 = 2
        set buffer 1 0+0 = 2
        set buffer 4 0+0 = 1
        set buffer 7 0+0 = 1
        set buffer 99 0+0 = 2
        request_body 3 end
        response_headers 1 more
        buffer 0 0+9 = 0 ``
        buffer 1 0+9 = 0 ``
        response_body 1 end
        buffer 0 0+9 = 0 ``
        set buffer 0 0+0 = 2
        log
        buffer 0 0+9 = 0 ``
        buffer 1 0+9 = 0 ``
        done
        delete
        application: POST / `abc`
        client: 200 `d`
    ",
    )
    .await;
}

#[tokio::test]
async fn configurations_as_buffers() {
    let look = || [buffer(CONFIGURATION, 0, 99), buffer(VM_CONFIGURATION, 0, 99), buffer(CONFIGURATION, 2, 2)];
    let guest = Guest::new()
        .on(On::VmStart, look())
        .on(
            On::Configure,
            [buffer(CONFIGURATION, 0, 99), set_buffer(CONFIGURATION, 0, 0, "x"), buffer(CONFIGURATION, 2, 2)],
        )
        .on(On::RequestHeaders, look());
    let scenario =
        Scenario::new(guest).configuration("settings").with_its_start().script([get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create root
        vm_start 0
        buffer 7 0+99 = 1
        buffer 6 0+99 = 0 ``
        buffer 7 2+2 = 1
        configure 8
        buffer 7 0+99 = 0 `settings`
        set buffer 7 0+0 = 2
        buffer 7 2+2 = 0 `tt`
        create
        request_headers 5 end
        buffer 7 0+99 = 1
        buffer 6 0+99 = 0 ``
        buffer 7 2+2 = 1
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
async fn a_body_is_prepended_to_and_appended_to() {
    let guest = Guest::new()
        .on(
            On::RequestBody,
            [
                set_buffer(REQUEST_BODY, 0, 0, "<"),
                set_buffer(REQUEST_BODY, 99, 0, ">"),
                set_buffer(REQUEST_BODY, 1, 1, "bad"),
                set_buffer(REQUEST_BODY, 0, 1, "bad"),
                buffer(REQUEST_BODY, 0, 99),
            ],
        )
        .on(On::ResponseBody, [set_buffer(RESPONSE_BODY, 3, 0, "!"), set_buffer(RESPONSE_BODY, 4, 7, "!")]);
    check(
        Scenario::new(guest).script([post(&[]), last("abc"), answer("200", &[]), answer_last("abc")]),
        r"
        create
        request_headers 5 more
        request_body 3 end
        set buffer 0 0+0 = 0
        set buffer 0 99+0 = 0
        set buffer 0 1+1 = 2
        set buffer 0 0+1 = 0
        buffer 0 0+99 = 0 `badabc>`
        response_headers 1 more
        response_body 3 end
        set buffer 1 3+0 = 0
        set buffer 1 4+7 = 0
        log
        done
        delete
        application: POST / `badabc>`
        client: 200 `abc!!`
    ",
    )
    .await;
}

/// The codec refuses what it is to send, and the host has no codec.
#[tokio::test]
async fn a_body_is_replaced_and_its_length_stays_wrong() {
    let guest = Guest::new().on(On::RequestBody, [set_buffer(REQUEST_BODY, 0, 3, "longer than that")]);
    check_apart(
        Scenario::new(guest).script([post(&[("content-length", "3")]), last("abc")]),
        r"
        create
        request_headers 6 more
        request_body 3 end
        set buffer 0 0+3 = 0
        response_headers 3 more
        response_body 87 end
        log
        done
        delete
        application: POST / content-length=3 CUT
        client: 502 content-length=87 content-type=text/plain <87 bytes>
    ",
        r"
        create
        request_headers 6 more
        request_body 3 end
        set buffer 0 0+3 = 0
        log
        done
        delete
        application: POST / content-length=3 `longer than that`
        client: nothing ...
    ",
    )
    .await;
}

#[tokio::test]
async fn a_body_is_replaced_and_its_length_removed_before() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [remove(REQUEST_HEADERS, "content-length")])
        .on(On::RequestBody, [set_buffer(REQUEST_BODY, 0, 3, "longer than that")]);
    check(
        Scenario::new(guest).script([post(&[("content-length", "3")]), last("abc"), empty_answer("204", &[])]),
        r"
        create
        request_headers 6 more
        remove content-length = 0
        request_body 3 end
        set buffer 0 0+3 = 0
        response_headers 1 end
        log
        done
        delete
        application: POST / `longer than that`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_body_is_emptied() {
    let guest = Guest::new()
        .on(On::RequestBody, [set_buffer(REQUEST_BODY, 0, 99, ""), buffer(REQUEST_BODY, 0, 9)])
        .on(On::ResponseBody, [set_buffer(RESPONSE_BODY, 0, 99, "")]);
    check(
        Scenario::new(guest).script([post(&[]), last("abc"), answer("200", &[]), answer_last("abc")]),
        r"
        create
        request_headers 5 more
        request_body 3 end
        set buffer 0 0+99 = 0
        buffer 0 0+9 = 0 ``
        response_headers 1 more
        response_body 3 end
        set buffer 1 0+99 = 0
        log
        done
        delete
        application: POST /
        client: 200
    ",
    )
    .await;
}

#[tokio::test]
async fn a_held_body_is_replaced_as_a_whole() {
    let guest = Guest::new().on(
        On::RequestBody,
        [before_end([pause()]), at_end([set_buffer(REQUEST_BODY, 0, 99, "new"), buffer(REQUEST_BODY, 0, 99)])],
    );
    check(
        Scenario::new(guest).script([post(&[]), part("one"), last("two"), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_body 6 end
        set buffer 0 0+99 = 0
        buffer 0 0+99 = 0 `new`
        response_headers 1 end
        log
        done
        delete
        application: POST / `new`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_held_body_is_replaced_from_a_call() {
    let guest = Guest::new().on(On::RequestBody, [at_end([ask("calls")]), pause()]).on(
        On::CallResponse,
        [
            act_on(0),
            buffer(REQUEST_BODY, 0, 99),
            set_buffer(REQUEST_BODY, 0, 99, "new"),
            resume(REQUEST),
            buffer(REQUEST_BODY, 0, 99),
        ],
    );
    check(
        Scenario::new(guest).script([
            post(&[]),
            part("one"),
            last("two"),
            call_answer("200", ""),
            empty_answer("204", &[]),
        ]),
        r"
        create
        request_headers 5 more
        request_body 3 more
        request_body 6 end
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        buffer 0 0+99 = 0 `onetwo`
        set buffer 0 0+99 = 0
        resume request = 0
        buffer 0 0+99 = 0 `new`
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `new`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_all_is_stopped_for_cannot_be_read() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [ask("calls"), pause()])
        .on(On::CallResponse, [act_on(0), buffer(REQUEST_BODY, 0, 99), resume(REQUEST)]);
    check(
        Scenario::new(guest).script([post(&[]), last("one"), call_answer("200", ""), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 more
        call calls = 0 4
        call_response 4 2 0 0
        act on 0 = 0
        buffer 0 0+99 = 0 ``
        resume request = 0
        request_body 3 end
        response_headers 1 end
        log
        done
        delete
        called: GET /ask
        application: POST / `one`
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn an_empty_end_can_be_given_bytes() {
    let guest = Guest::new()
        .on(On::RequestBody, [set_buffer(REQUEST_BODY, 0, 0, "added")])
        .on(On::ResponseBody, [set_buffer(RESPONSE_BODY, 1, 0, "added")]);
    check(
        Scenario::new(guest).script([post(&[]), last(""), answer("200", &[]), answer_last("")]),
        r"
        create
        request_headers 5 more
        request_body 0 end
        set buffer 0 0+0 = 0
        response_headers 1 more
        response_body 0 end
        set buffer 1 1+0 = 0
        log
        done
        delete
        application: POST / `added`
        client: 200 `added`
    ",
    )
    .await;
}
