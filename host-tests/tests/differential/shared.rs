//! Point (b): shared data, and its versions.

use crate::check::check;
use crate::guest::{Guest, On, get_shared, set_shared, swap_shared};
use crate::scenario::{Scenario, empty_answer, get};

#[tokio::test]
async fn a_key_that_is_not_there() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            get_shared("none"),
            set_shared("max", "1", -1),
            get_shared("max"),
            set_shared("max", "2", -1),
            get_shared("max"),
            set_shared("wrong", "1", 12345),
            get_shared("wrong"),
            set_shared("zero", "1", 0),
            get_shared("zero"),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        shared none = 1
        has version = 0
        set shared max -1 = 0
        shared max = 0 `1`
        has version = 1
        set shared max -1 = 8
        shared max = 0 `1`
        has version = 1
        set shared wrong 12345 = 0
        shared wrong = 0 `1`
        has version = 1
        set shared zero 0 = 0
        shared zero = 0 `1`
        has version = 1
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
async fn a_key_that_is_there() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            set_shared("k", "1", 0),
            get_shared("k"),
            swap_shared("k", "2"),
            swap_shared("k", "stale"),
            get_shared("k"),
            set_shared("k", "3", 0),
            swap_shared("k", "stale"),
            get_shared("k"),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        set shared k 0 = 0
        shared k = 0 `1`
        has version = 1
        swap shared k = 0
        swap shared k = 8
        shared k = 0 `2`
        has version = 1
        set shared k 0 = 0
        swap shared k = 8
        shared k = 0 `3`
        has version = 1
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
async fn an_empty_value_stays() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            set_shared("k", "1", 0),
            set_shared("k", "", 0),
            get_shared("k"),
            set_shared("k", "2", -1),
            swap_shared("k", "3"),
            get_shared("k"),
            set_shared("", "nameless", 0),
            get_shared(""),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        set shared k 0 = 0
        set shared k 0 = 0
        shared k = 0 ``
        has version = 1
        set shared k -1 = 8
        swap shared k = 0
        shared k = 0 `3`
        has version = 1
        set shared  0 = 0
        shared  = 0 `nameless`
        has version = 1
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
async fn every_stream_and_callback_sees_the_same() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [get_shared("k"), set_shared("k", "request", 0)])
        .on(On::ResponseHeaders, [get_shared("k"), set_shared("k", "response", 0)])
        .on(On::Delete, [get_shared("k"), set_shared("k", "delete", 0)]);
    let scenario =
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), get(&[]), empty_answer("204", &[])]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        shared k = 1
        has version = 0
        set shared k 0 = 0
        response_headers 1 end
        shared k = 0 `request`
        has version = 1
        set shared k 0 = 0
        log
        done
        delete
        shared k = 0 `response`
        has version = 1
        set shared k 0 = 0
        #1 create
        #1 request_headers 5 end
        shared k = 0 `delete`
        has version = 1
        set shared k 0 = 0
        #1 response_headers 1 end
        shared k = 0 `request`
        has version = 1
        set shared k 0 = 0
        #1 log
        #1 done
        #1 delete
        shared k = 0 `response`
        has version = 1
        set shared k 0 = 0
        application: GET /
        application: GET /
        client: 204
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn two_workers_share_it() {
    let guest = Guest::new().on(On::Configure, [set_shared("k", "1", -1), get_shared("k")]);
    check(
        Scenario::new(guest).workers(2),
        r"
        configure 0
        configure 0
        create root
        create root
        has version = 1
        has version = 1
        set shared k -1 = 8
        set shared k -1 = 8
        shared k = 0 `1`
        shared k = 0 `1`
        vm_start 0
        vm_start 0
    ",
    )
    .await;
}
