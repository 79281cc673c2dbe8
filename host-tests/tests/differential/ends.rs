//! How streams end, and what the guest is told of it.

use crate::check::check;
use crate::guest::{
    Guest, On, REQUEST, RESPONSE_BODY, RESPONSE_HEADERS, buffer, has_property, pause, property_number, resume, returns,
    value,
};
use crate::scenario::{Event, Scenario, answer, answer_last, answer_part, empty_answer, get, on, part, post};

#[tokio::test]
async fn the_client_leaves_a_held_request() {
    let guest = Guest::new().on(On::RequestHeaders, [pause()]);
    check(
        Scenario::new(guest).script([post(&[]), Event::Gone]),
        r"
        create
        request_headers 5 more
        log
        done
        delete
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn the_client_leaves_in_its_body() {
    check(
        Scenario::new(Guest::new()).script([post(&[]), part("a"), Event::Gone]),
        r"
        create
        request_headers 5 more
        request_body 1 more
        log
        done
        delete
        application: POST / `a` CUT
        client: nothing CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn the_client_leaves_in_the_answer() {
    check(
        Scenario::new(Guest::new()).script([get(&[]), answer("200", &[]), answer_part("a"), Event::Gone]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 1 more
        log
        done
        delete
        application: GET /
        client: 200 `a` CUT
    ",
    )
    .await;
}

#[tokio::test]
async fn streams_end_one_by_one() {
    let scenario = Scenario::new(Guest::new()).script([
        get(&[]),
        get(&[]),
        on(1),
        empty_answer("204", &[]),
        on(0),
        empty_answer("204", &[]),
    ]);
    check(
        scenario,
        r"
        create
        request_headers 5 end
        #1 create
        #1 request_headers 5 end
        #1 response_headers 1 end
        #1 log
        #1 done
        #1 delete
        response_headers 1 end
        log
        done
        delete
        application: GET /
        application: GET /
        client: 204
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_is_not_done() {
    let guest = Guest::new().on(On::Done, [returns(0)]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
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
async fn what_can_be_done_at_the_end() {
    let guest = Guest::new()
        .on(On::Log, [resume(REQUEST), buffer(RESPONSE_BODY, 0, 9), property_number(&["response", "code"])])
        .on(On::Done, [value(RESPONSE_HEADERS, ":status"), has_property(&["request", "path"])])
        .on(On::Delete, [value(RESPONSE_HEADERS, ":status"), has_property(&["request", "path"])]);
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_last("a")]),
        r"
        create
        request_headers 5 end
        response_headers 1 more
        response_body 1 end
        log
        resume request = 0
        buffer 1 0+9 = 0 ``
        response.code = 0
        number = 200
        done
        response :status = 2
        request.path = 1
        delete
        response :status = 2
        request.path = 1
        application: GET /
        client: 200 `a`
    ",
    )
    .await;
}

#[tokio::test]
async fn an_answer_ends_while_the_request_is_held() {
    let guest = Guest::new().on(On::RequestBody, [pause()]);
    check(
        Scenario::new(guest).script([post(&[]), part("a"), empty_answer("403", &[]), part("b")]),
        r"
        create
        request_headers 5 more
        request_body 1 more
        response_headers 1 end
        log
        done
        delete
        application: POST / CUT
        client: 403
    ",
    )
    .await;
}
