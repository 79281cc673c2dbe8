//! Every call to the proxy, and nothing else: bytes in, bytes out, every status checked.
//!
//! The SDK's own wrappers panic on unexpected statuses and on header values that are not UTF-8, so these are externs of
//! our own over the same ABI (proxy-wasm 0.2.1). All `unsafe` of the plugin is in this file; each block says why it holds.
#![expect(unsafe_code, reason = "calls across the ABI; every pointer handed over lives through its call")]

use std::time::Duration;

use proxy_wasm::hostcalls::dispatch_http_call;
use tapgate_core::headers::{Header, HeaderEdits};
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::reply::Reply;
use tapgate_core::time::UnixSeconds;

/// The proxy did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostError {
    /// It said so, with this status.
    Status(i32),
    /// It gave something that makes no sense.
    Senseless,
}

const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const CAS_MISMATCH: i32 = 8;

mod abi {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn proxy_log(level: i32, text: *const u8, size: usize) -> i32;
        pub(super) fn proxy_get_current_time_nanoseconds(out: *mut u64) -> i32;
        pub(super) fn proxy_get_header_map_pairs(map: i32, out: *mut *mut u8, size: *mut usize) -> i32;
        pub(super) fn proxy_add_header_map_value(
            map: i32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> i32;
        pub(super) fn proxy_remove_header_map_value(map: i32, name: *const u8, name_size: usize) -> i32;
        pub(super) fn proxy_get_buffer_bytes(
            buffer: i32,
            start: usize,
            most: usize,
            out: *mut *mut u8,
            size: *mut usize,
        ) -> i32;
        pub(super) fn proxy_get_property(path: *const u8, path_size: usize, out: *mut *mut u8, size: *mut usize)
        -> i32;
        pub(super) fn proxy_get_shared_data(
            key: *const u8,
            key_size: usize,
            out: *mut *mut u8,
            size: *mut usize,
            cas: *mut u32,
        ) -> i32;
        pub(super) fn proxy_set_shared_data(
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
            cas: u32,
        ) -> i32;
        pub(super) fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_size: usize,
            body: *const u8,
            body_size: usize,
            headers: *const u8,
            headers_size: usize,
            grpc_status: i32,
        ) -> i32;
        pub(super) fn proxy_define_metric(kind: i32, name: *const u8, name_size: usize, id: *mut u32) -> i32;
        pub(super) fn proxy_increment_metric(id: u32, by: i64) -> i32;
        pub(super) fn proxy_record_metric(id: u32, value: u64) -> i32;
        pub(super) fn proxy_continue_stream(side: i32) -> i32;
        pub(super) fn proxy_set_tick_period_milliseconds(period: u32) -> i32;
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn random_get(buffer: *mut u8, size: usize) -> i32;
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Daily business.
    Info = 2,
    /// What common default levels keep.
    Warn = 3,
    /// What keeps a policy from loading.
    Error = 4,
}

/// Which headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Map {
    /// The request's.
    RequestHeaders = 0,
    /// The request's trailers.
    RequestTrailers = 1,
    /// The answer's.
    ResponseHeaders = 2,
    /// The answer's trailers.
    ResponseTrailers = 3,
    /// The headers of a call's answer.
    CallHeaders = 6,
}

/// Which buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffer {
    /// The request's body, as far as it is held.
    RequestBody = 0,
    /// The body of a call's answer.
    CallBody = 4,
    /// The plugin's configuration.
    PluginConfiguration = 7,
}

/// Which direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// To the application.
    Request = 0,
    /// To the client.
    Response = 1,
}

/// Which kind of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// Only grows.
    Counter = 0,
    /// Keeps a distribution.
    Histogram = 2,
}

fn check(status: i32) -> Result<(), HostError> {
    if status == OK { Ok(()) } else { Err(HostError::Status(status)) }
}

/// Takes over bytes that the proxy put into our memory; nothing if it put none.
fn take(pointer: *mut u8, size: usize) -> Vec<u8> {
    if pointer.is_null() || size == 0 {
        return Vec::new();
    }
    // SAFETY: the proxy got this memory from the SDK's allocator during the call, as a `Vec<u8>` of this capacity which
    // was then forgotten, and filled it; nobody else has it.
    unsafe { Vec::from_raw_parts(pointer, size, size) }
}

/// Calls a function that gives bytes.
fn bytes(call: impl FnOnce(*mut *mut u8, *mut usize) -> i32) -> Result<Vec<u8>, HostError> {
    let mut pointer = std::ptr::null_mut();
    let mut size = 0;
    check(call(&raw mut pointer, &raw mut size))?;
    Ok(take(pointer, size))
}

/// Writes a line to the proxy's log. A log that cannot be written to changes nothing.
pub(crate) fn log(level: Level, text: &str) {
    // SAFETY: `text` lives through the call.
    let _ = unsafe { abi::proxy_log(level as i32, text.as_ptr(), text.len()) };
}

/// Now, by the proxy's clock.
pub(crate) fn now() -> Result<UnixSeconds, HostError> {
    let mut nanoseconds = 0;
    // SAFETY: the proxy writes one u64.
    check(unsafe { abi::proxy_get_current_time_nanoseconds(&raw mut nanoseconds) })?;
    UnixSeconds::new(nanoseconds / 1_000_000_000).ok_or(HostError::Senseless)
}

/// The proxy's randomness.
pub(crate) struct HostRandom;

impl Random for HostRandom {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        // SAFETY: the proxy writes `buffer.len()` bytes into `buffer`.
        let status = unsafe { abi::random_get(buffer.as_mut_ptr(), buffer.len()) };
        if status == OK { Ok(()) } else { Err(NoEntropy) }
    }
}

/// A header map as the proxy gave it: one block, with the place of each name and value.
pub(crate) struct Headers {
    block: Vec<u8>,
    places: Vec<[std::ops::Range<usize>; 2]>,
}

impl Headers {
    /// Names and values.
    pub(crate) fn pairs(&self) -> Vec<Header<'_>> {
        let slice = |range: &std::ops::Range<usize>| self.block.get(range.clone()).unwrap_or_default();
        self.places.iter().map(|[name, value]| (slice(name), slice(value))).collect()
    }

    /// Reads a block: a count, the sizes of each name and value, then each of them with a zero byte after it.
    fn read(block: Vec<u8>) -> Result<Self, HostError> {
        let places = if block.is_empty() { Some(Vec::new()) } else { Self::places(&block) };
        Ok(Self { places: places.ok_or(HostError::Senseless)?, block })
    }

    fn places(block: &[u8]) -> Option<Vec<[std::ops::Range<usize>; 2]>> {
        let (count, rest) = block.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let sizes = rest.as_chunks::<8>().0.get(..count)?;
        let mut at = count.checked_mul(8)?.checked_add(4)?;
        let mut next = |size: &[u8]| {
            let size = usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok()?;
            let end = at.checked_add(size)?;
            let range = at..end;
            at = end.checked_add(1)?;
            block.get(range.clone())?;
            Some(range)
        };
        sizes
            .iter()
            .map(|sizes| {
                let (name, value) = sizes.split_at_checked(4)?;
                Some([next(name)?, next(value)?])
            })
            .collect()
    }
}

/// Reads a header map. A message whose headers cannot be read cannot be judged: it must not go on.
pub(crate) fn headers(map: Map) -> Result<Headers, HostError> {
    // SAFETY: the proxy writes a pointer and a size.
    let block = bytes(|pointer, size| unsafe { abi::proxy_get_header_map_pairs(map as i32, pointer, size) })?;
    Headers::read(block)
}

/// Makes edits in a header map. Stops at the first that fails: the message must not go on then.
pub(crate) fn edit(map: Map, edits: &HeaderEdits) -> Result<(), HostError> {
    for name in &edits.remove {
        // SAFETY: `name` lives through the call.
        let status = unsafe { abi::proxy_remove_header_map_value(map as i32, name.as_ptr(), name.len()) };
        // A name that is not there is as good as removed.
        if status != NOT_FOUND {
            check(status)?;
        }
    }
    for (name, value) in &edits.add {
        // SAFETY: both live through the call.
        check(unsafe {
            abi::proxy_add_header_map_value(map as i32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })?;
    }
    Ok(())
}

/// Reads at most `most` bytes from the beginning of a buffer.
pub(crate) fn buffer(buffer: Buffer, most: usize) -> Result<Vec<u8>, HostError> {
    // SAFETY: the proxy writes a pointer and a size.
    let read = |pointer, size| unsafe { abi::proxy_get_buffer_bytes(buffer as i32, 0, most, pointer, size) };
    bytes(read).or_else(|error| if error == HostError::Status(NOT_FOUND) { Ok(Vec::new()) } else { Err(error) })
}

/// Reads a property of the stream; empty if there is none. `path` has a zero byte between its segments.
pub(crate) fn property(path: &str) -> Vec<u8> {
    // SAFETY: `path` lives through the call; the proxy writes a pointer and a size.
    let read = |pointer, size| unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), pointer, size) };
    bytes(read).unwrap_or_default()
}

/// What other filters say of the stream, as a serialized `envoy.config.core.v3.Metadata`; empty if nothing.
///
/// All of it, since Envoy gives a part as pairs of bytes, without the types of what stands there, and nothing at all where there
/// is a null or a list in it.
pub(crate) fn metadata() -> Vec<u8> {
    property("metadata")
}

/// Reads a shared value and its version; `None` if there is none.
pub(crate) fn shared_data(key: &str) -> Result<Option<(Vec<u8>, u32)>, HostError> {
    let mut cas = 0;
    // SAFETY: `key` lives through the call; the proxy writes a pointer, a size and a version.
    let read =
        |pointer, size| unsafe { abi::proxy_get_shared_data(key.as_ptr(), key.len(), pointer, size, &raw mut cas) };
    match bytes(read) {
        Ok(value) => Ok(Some((value, cas))),
        Err(HostError::Status(NOT_FOUND)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a shared value if its version is still `cas`; with `None`, only if there is no value yet. `false` if not.
pub(crate) fn set_shared_data(key: &str, value: &[u8], cas: Option<u32>) -> Result<bool, HostError> {
    if let Some(cas) = cas {
        return swap_shared_data(key, value, cas);
    }
    // On Envoy any version but the present one fails on a present key, and every one inserts an absent one.
    if swap_shared_data(key, value, u32::MAX)? {
        return Ok(true);
    }
    // On nginx an absent key has the version 0, which there fails on a present one. On Envoy 0 would overwrite; but there
    // a key that has been written stays, so nothing comes this far.
    if shared_data(key)?.is_some() { Ok(false) } else { swap_shared_data(key, value, 0) }
}

fn swap_shared_data(key: &str, value: &[u8], cas: u32) -> Result<bool, HostError> {
    // SAFETY: both live through the call.
    match unsafe { abi::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) } {
        CAS_MISMATCH => Ok(false),
        status => check(status).map(|()| true),
    }
}

/// Answers the request in the application's place.
pub(crate) fn reply(reply: &Reply) -> Result<(), HostError> {
    let headers = block(&reply.headers).ok_or(HostError::Senseless)?;
    let details = b"tapgate";
    let (body, details) = (reply.body.as_slice(), details.as_slice());
    // SAFETY: all of them live through the call.
    check(unsafe {
        abi::proxy_send_local_response(
            u32::from(reply.status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    })
}

/// Writes headers as the block that [`Headers::read`] reads.
fn block(headers: &[(&'static str, String)]) -> Option<Vec<u8>> {
    let size = |text: &str| Some(u32::try_from(text.len()).ok()?.to_le_bytes());
    let mut block = u32::try_from(headers.len()).ok()?.to_le_bytes().to_vec();
    for (name, value) in headers {
        block.extend_from_slice(&size(name)?);
        block.extend_from_slice(&size(value)?);
    }
    for text in headers.iter().flat_map(|(name, value)| [*name, value.as_str()]) {
        block.extend_from_slice(text.as_bytes());
        block.push(0);
    }
    Some(block)
}

/// Defines a metric, or finds it if another worker has.
pub(crate) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, HostError> {
    let mut id = 0;
    // SAFETY: `name` lives through the call; the proxy writes an id.
    check(unsafe { abi::proxy_define_metric(kind as i32, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

/// Adds one to a counter.
pub(crate) fn increment(id: u32) {
    // SAFETY: no pointers. A metric that cannot be counted changes nothing.
    let _ = unsafe { abi::proxy_increment_metric(id, 1) };
}

/// Records a value in a histogram.
pub(crate) fn record(id: u32, value: u64) {
    // SAFETY: no pointers. A metric that cannot be recorded changes nothing.
    let _ = unsafe { abi::proxy_record_metric(id, value) };
}

/// Lets what a callback has paused go on, once this callback has returned. Its headers are out of reach from here on.
pub(crate) fn resume(side: Side) -> Result<(), HostError> {
    // SAFETY: no pointers.
    check(unsafe { abi::proxy_continue_stream(side as i32) })
}

/// Sets how often the timer goes off.
pub(crate) fn tick_every(milliseconds: u32) -> Result<(), HostError> {
    // SAFETY: no pointers.
    check(unsafe { abi::proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Calls one of the proxy's clusters; gives the call's number. An error means that nothing was sent.
///
/// This one goes by the SDK, whose dispatcher must know of every call: it panics on the answer to one that it does not
/// know. It also panics on statuses other than the three that Envoy has for this call.
pub(crate) fn call(
    cluster: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
    timeout_in_milliseconds: u32,
) -> Result<u32, HostError> {
    let timeout = Duration::from_millis(timeout_in_milliseconds.into());
    dispatch_http_call(cluster, headers.to_vec(), body, Vec::new(), timeout)
        .map_err(|status| HostError::Status(status as i32))
}

/// What a call came back with: its status and at most `most` bytes of its body. `None` for an answer that broke off, which has
/// no headers, or that has not one status. `headers` is what the callback says of them.
pub(crate) fn answer(headers: usize, most: usize) -> Option<(u16, Vec<u8>)> {
    if headers == 0 {
        return None;
    }
    let block = self::headers(Map::CallHeaders).ok()?;
    let pairs = block.pairs();
    let mut statuses = pairs.iter().filter(|(name, _)| *name == b":status");
    let (Some((_, status)), None) = (statuses.next(), statuses.next()) else { return None };
    let status = std::str::from_utf8(status).ok()?.parse().ok()?;
    Some((status, buffer(Buffer::CallBody, most).ok()?))
}
