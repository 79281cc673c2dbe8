//! Metrics: which host calls which kind takes, and what comes of them.

use crate::check::check;
use crate::guest::{COUNTER, GAUGE, Guest, HISTOGRAM, On, define, increment, metric, metric_id, record, store};
use crate::scenario::{Scenario, empty_answer, get};

#[tokio::test]
async fn a_counter() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            define(0, COUNTER, "c"),
            metric_id(0),
            increment(0, 2),
            increment(0, 0),
            increment(0, -1),
            record(0, 5),
            metric(0),
        ],
    );
    check(
        Scenario::new(guest).metrics(&["c"]).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define c = 0
        id 0 = 4
        increment 0 2 = 0
        increment 0 0 = 2
        increment 0 -1 = 2
        record 0 5 = 0
        metric 0 = 0 7
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
        metric: c = 7
    ",
    )
    .await;
}

#[tokio::test]
async fn a_gauge() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            define(0, GAUGE, "g"),
            metric_id(0),
            increment(0, 7),
            increment(0, -3),
            increment(0, 0),
            metric(0),
            record(0, 40),
            metric(0),
        ],
    );
    check(
        Scenario::new(guest).metrics(&["g"]).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define g = 0
        id 0 = 5
        increment 0 7 = 0
        increment 0 -3 = 0
        increment 0 0 = 0
        metric 0 = 0 4
        record 0 40 = 0
        metric 0 = 0 40
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
        metric: g = 40
    ",
    )
    .await;
}

#[tokio::test]
async fn a_histogram() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [define(0, HISTOGRAM, "h"), metric_id(0), record(0, 5), increment(0, 1), metric(0)]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define h = 0
        id 0 = 6
        record 0 5 = 0
        increment 0 1 = 2
        metric 0 = 2
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
async fn a_name_defined_twice_is_one_metric() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            define(0, COUNTER, "c"),
            define(1, COUNTER, "c"),
            metric_id(0),
            metric_id(1),
            increment(0, 1),
            increment(1, 2),
            metric(0),
            metric(1),
        ],
    );
    check(
        Scenario::new(guest).metrics(&["c"]).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define c = 0
        define c = 0
        id 0 = 4
        id 1 = 8
        increment 0 1 = 0
        increment 1 2 = 0
        metric 0 = 0 3
        metric 1 = 0 3
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
        metric: c = 3
    ",
    )
    .await;
}

#[tokio::test]
async fn a_name_of_two_kinds_is_two_metrics() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            define(0, COUNTER, "m"),
            define(1, GAUGE, "m"),
            metric_id(1),
            increment(0, 1),
            record(1, 9),
            metric(0),
            metric(1),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define m = 0
        define m = 0
        id 1 = 5
        increment 0 1 = 0
        record 1 9 = 0
        metric 0 = 0 1
        metric 1 = 0 9
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
async fn kinds_and_ids_that_do_not_exist() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            define(0, 3, "x"),
            // Whatever was in its place is no id.
            metric(0),
            increment(0, 1),
            record(0, 1),
            define(1, GAUGE, ""),
            metric_id(1),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        define x = 2
        metric 0 = 1
        increment 0 1 = 1
        record 0 1 = 1
        define  = 0
        id 1 = 5
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
async fn ids_of_another_number() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            store(0, 400),
            increment(0, 1),
            record(0, 1),
            metric(0),
            store(0, 401),
            increment(0, 1),
            record(0, 1),
            metric(0),
            store(0, 402),
            increment(0, 1),
            record(0, 1),
            metric(0),
            store(0, 403),
            increment(0, 1),
            record(0, 1),
            metric(0),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        increment 0 1 = 1
        record 0 1 = 1
        metric 0 = 1
        increment 0 1 = 1
        record 0 1 = 1
        metric 0 = 1
        increment 0 1 = 2
        record 0 1 = 1
        metric 0 = 2
        increment 0 1 = 2
        record 0 1 = 1
        metric 0 = 2
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
