//! A reply on its way out through the response callbacks.

use super::X;
use crate::check::check;
use crate::guest::{
    Guest, On, RESPONSE, RESPONSE_BODY, RESPONSE_HEADERS, act_on, add, ask, pause, remove, replace, reply, resume,
    set_buffer,
};
use crate::scenario::{Scenario, call_answer, get};

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
