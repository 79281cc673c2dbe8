//! What a guest can do: each step is the text of some instructions, which log what came of it.

/// A direction.
pub(crate) const REQUEST: i32 = 0;
/// The other one.
pub(crate) const RESPONSE: i32 = 1;

/// Header maps, by the ABI's numbers.
pub(crate) const REQUEST_HEADERS: i32 = 0;
pub(crate) const REQUEST_TRAILERS: i32 = 1;
pub(crate) const RESPONSE_HEADERS: i32 = 2;
pub(crate) const RESPONSE_TRAILERS: i32 = 3;
pub(crate) const CALL_HEADERS: i32 = 6;
pub(crate) const CALL_TRAILERS: i32 = 7;

/// Buffers, by the ABI's numbers.
pub(crate) const REQUEST_BODY: i32 = 0;
pub(crate) const RESPONSE_BODY: i32 = 1;
pub(crate) const CALL_BODY: i32 = 4;
pub(crate) const VM_CONFIGURATION: i32 = 6;
pub(crate) const CONFIGURATION: i32 = 7;

/// Kinds of metrics, by the ABI's numbers.
pub(crate) const COUNTER: i32 = 0;
pub(crate) const GAUGE: i32 = 1;
pub(crate) const HISTOGRAM: i32 = 2;

/// Pairs of names and values.
pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// The place and the size of a text, as two instructions.
pub(crate) fn text(text: &str) -> String {
    bytes(text.as_bytes())
}

fn bytes(bytes: &[u8]) -> String {
    format!("@{}@", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A block of pairs, as the ABI has it.
fn block(pairs: Pairs<'_>) -> Vec<u8> {
    let size = |text: &str| u32::try_from(text.len()).expect("a short text").to_le_bytes();
    let count = u32::try_from(pairs.len()).expect("a few pairs").to_le_bytes();
    let sizes = pairs.iter().flat_map(|(name, value)| [size(name), size(value)]).flatten();
    let texts = pairs.iter().flat_map(|(name, value)| [name, value]);
    let texts = texts.flat_map(|text| [text.as_bytes(), &[0]].concat());
    count.into_iter().chain(sizes).chain(texts).collect()
}

/// Steps one after the other.
pub(super) fn together(steps: impl IntoIterator<Item = String>) -> String {
    steps.into_iter().collect::<Vec<_>>().join("\n")
}

fn number(number: i32) -> String {
    format!("(i32.const {number})")
}

fn said(what: &str, call: &str) -> String {
    format!("(call $said {} {call})", text(what))
}

fn got(what: &str, call: &str) -> String {
    format!("(call $got {} {call})", text(what))
}

/// A line in the log.
pub(crate) fn say(what: &str) -> String {
    format!("(call $say {})", text(what))
}

/// The callback will return this.
pub(crate) fn returns(value: i32) -> String {
    format!("(global.set $returns (i32.const {value}))")
}

/// The callback will pause.
pub(crate) fn pause() -> String {
    returns(1)
}

/// Unreachable code.
pub(crate) fn trap() -> String {
    "(unreachable)".to_owned()
}

/// WASI's exit.
pub(crate) fn exit(code: i32) -> String {
    format!("(call $exit {})", number(code))
}

/// Only the first time that the VM comes here.
pub(crate) fn first(steps: impl IntoIterator<Item = String>) -> String {
    format!("(if (call $is_first #) (then {}))", together(steps))
}

/// Only from the second time on.
pub(crate) fn later(steps: impl IntoIterator<Item = String>) -> String {
    format!("(if (i32.eqz (call $is_first #)) (then {}))", together(steps))
}

/// Only if the message ends here.
pub(crate) fn at_end(steps: impl IntoIterator<Item = String>) -> String {
    format!("(if (global.get $end) (then {}))", together(steps))
}

/// Only unless the message ends here.
pub(crate) fn before_end(steps: impl IntoIterator<Item = String>) -> String {
    format!("(if (i32.eqz (global.get $end)) (then {}))", together(steps))
}

/// Only for the stream of this number.
pub(crate) fn of_stream(stream: i32, steps: impl IntoIterator<Item = String>) -> String {
    let own = "(i32.sub (global.get $self) (global.get $base))";
    format!("(if (i32.eq {own} (i32.const {stream})) (then {}))", together(steps))
}

/// Lets what follows act on the stream of this number.
pub(crate) fn act_on(stream: i32) -> String {
    said(&format!("act on {stream}"), &format!("(call $effective (i32.add (global.get $base) (i32.const {stream})))"))
}

pub(crate) fn resume(side: i32) -> String {
    said(&format!("resume {}", direction(side)), &format!("(call $continue {})", number(side)))
}

pub(crate) fn close(side: i32) -> String {
    said(&format!("close {}", direction(side)), &format!("(call $close {})", number(side)))
}

fn direction(side: i32) -> String {
    ["request", "response"]
        .get(usize::try_from(side).unwrap_or(9))
        .map_or_else(|| side.to_string(), |one| (*one).to_owned())
}

pub(crate) fn reply(status: i32, body: &str, headers: Pairs<'_>) -> String {
    let call = format!(
        "(call $reply {} {} {} {} (i32.const -1))",
        number(status),
        text("guest_details"),
        text(body),
        bytes(&block(headers))
    );
    said(&format!("reply {status}"), &call)
}

fn map_name(map: i32) -> String {
    let names = [
        "request",
        "request trailers",
        "response",
        "response trailers",
        "metadata",
        "late metadata",
        "call",
        "call trailers",
    ];
    names.get(usize::try_from(map).unwrap_or(99)).map_or_else(|| format!("map {map}"), |one| (*one).to_owned())
}

pub(crate) fn value(map: i32, name: &str) -> String {
    let call = format!("(call $value {} {} (i32.const 0) (i32.const 4))", number(map), text(name));
    got(&format!("{} {name}", map_name(map)), &call)
}

pub(crate) fn pairs(map: i32) -> String {
    format!("(call $got_pairs {} (call $pairs {} (i32.const 0) (i32.const 4)))", text(&map_name(map)), number(map))
}

pub(crate) fn map_size(map: i32) -> String {
    let what = text(&format!("{} size", map_name(map)));
    format!("(call $counted {what} (call $map_size {} (i32.const 8)))", number(map))
}

pub(crate) fn add(map: i32, name: &str, value: &str) -> String {
    said(&format!("add {name}"), &format!("(call $add {} {} {})", number(map), text(name), text(value)))
}

pub(crate) fn replace(map: i32, name: &str, value: &str) -> String {
    said(&format!("replace {name}"), &format!("(call $replace {} {} {})", number(map), text(name), text(value)))
}

pub(crate) fn remove(map: i32, name: &str) -> String {
    said(&format!("remove {name}"), &format!("(call $remove {} {})", number(map), text(name)))
}

pub(crate) fn set_pairs(map: i32, pairs: Pairs<'_>) -> String {
    said("set pairs", &format!("(call $set_pairs {} {})", number(map), bytes(&block(pairs))))
}

/// A block that says it has more pairs than a host takes.
pub(crate) fn set_too_many_pairs(map: i32) -> String {
    let pairs = vec![("a", "b"); 1025];
    said("set 1025 pairs", &format!("(call $set_pairs {} {})", number(map), bytes(&block(&pairs))))
}

pub(crate) fn buffer(buffer: i32, start: i32, most: i32) -> String {
    let call =
        format!("(call $buffer {} {} {} (i32.const 0) (i32.const 4))", number(buffer), number(start), number(most));
    got(&format!("buffer {buffer} {start}+{most}"), &call)
}

pub(crate) fn buffer_status(buffer: i32) -> String {
    let what = text(&format!("buffer {buffer} size"));
    format!("(call $counted {what} (call $buffer_status {} (i32.const 8) (i32.const 12)))", number(buffer))
}

pub(crate) fn set_buffer(buffer: i32, start: i32, size: i32, with: &str) -> String {
    let call = format!("(call $set_buffer {} {} {} {})", number(buffer), number(start), number(size), text(with));
    said(&format!("set buffer {buffer} {start}+{size}"), &call)
}

pub(crate) fn property(path: &[&str]) -> String {
    let call = format!("(call $property {} (i32.const 0) (i32.const 4))", text(&path.join("\0")));
    got(&format!("property {}", path.join(".")), &call)
}

/// A property that is a number: its low half.
pub(crate) fn property_number(path: &[&str]) -> String {
    let call = format!("(call $property {} (i32.const 0) (i32.const 4))", text(&path.join("\0")));
    format!(
        "{} (if (i32.eq (i32.load (i32.const 4)) (i32.const 8))
           (then (call $said {} (i32.load (i32.load (i32.const 0))))))",
        said(&path.join("."), &call),
        text("number")
    )
}

/// A property whether it is there, for one whose value differs from run to run.
pub(crate) fn has_property(path: &[&str]) -> String {
    said(&path.join("."), &format!("(call $property {} (i32.const 0) (i32.const 4))", text(&path.join("\0"))))
}

pub(crate) fn set_property(path: &[&str], value: &str) -> String {
    let call = format!("(call $set_property {} {})", text(&path.join("\0")), text(value));
    said(&format!("set {}", path.join(".")), &call)
}

/// Reads a key, and keeps its version for [`swap_shared`].
pub(crate) fn get_shared(key: &str) -> String {
    let call = format!("(call $get_shared {} (i32.const 0) (i32.const 4) (i32.const 8))", text(key));
    format!(
        "{} (global.set $cas (i32.load (i32.const 8))) {}",
        got(&format!("shared {key}"), &call),
        format_args!("(call $said {} (i32.ne (global.get $cas) (i32.const 0)))", text("has version"))
    )
}

pub(crate) fn set_shared(key: &str, value: &str, cas: i32) -> String {
    let call = format!("(call $set_shared {} {} {})", text(key), text(value), number(cas));
    said(&format!("set shared {key} {cas}"), &call)
}

/// Writes a key with the version that was read last.
pub(crate) fn swap_shared(key: &str, value: &str) -> String {
    said(&format!("swap shared {key}"), &format!("(call $set_shared {} {} (global.get $cas))", text(key), text(value)))
}

pub(crate) fn call(cluster: &str, headers: Pairs<'_>, body: &str, trailers: Pairs<'_>, timeout: i32) -> String {
    let call = format!(
        "(call $call {} {} {} {} {} (i32.const 8))",
        text(cluster),
        bytes(&block(headers)),
        text(body),
        bytes(&block(trailers)),
        number(timeout)
    );
    format!("(call $counted {} {call})", text(&format!("call {cluster}")))
}

/// A call as most guests make it.
pub(crate) fn ask(cluster: &str) -> String {
    call(cluster, &[(":method", "GET"), (":path", "/ask"), (":authority", "calls")], "", &[], 0)
}

/// Defines a metric and keeps its id under a number.
pub(crate) fn define(slot: usize, kind: i32, name: &str) -> String {
    let call = format!("(call $define {} {} (i32.const {}))", number(kind), text(name), 64 + 4 * slot);
    said(&format!("define {name}"), &call)
}

/// Puts a number where an id is kept.
pub(crate) fn store(slot: usize, id: i32) -> String {
    format!("(i32.store (i32.const {}) (i32.const {id}))", 64 + 4 * slot)
}

/// The id of a metric.
pub(crate) fn metric_id(slot: usize) -> String {
    said(&format!("id {slot}"), &format!("(i32.load (i32.const {}))", 64 + 4 * slot))
}

pub(crate) fn increment(slot: usize, by: i64) -> String {
    let call = format!("(call $increment (i32.load (i32.const {})) (i64.const {by}))", 64 + 4 * slot);
    said(&format!("increment {slot} {by}"), &call)
}

pub(crate) fn record(slot: usize, value: i64) -> String {
    let call = format!("(call $record (i32.load (i32.const {})) (i64.const {value}))", 64 + 4 * slot);
    said(&format!("record {slot} {value}"), &call)
}

pub(crate) fn metric(slot: usize) -> String {
    let call = format!("(call $get_metric (i32.load (i32.const {})) (i32.const 8))", 64 + 4 * slot);
    format!("(call $counted {} {call})", text(&format!("metric {slot}")))
}

/// Sets the timer's period in milliseconds.
pub(crate) fn tick(period: i32) -> String {
    said(&format!("timer every {period}"), &format!("(call $tick {})", number(period)))
}
