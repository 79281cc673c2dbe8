//! The rest of WASI preview 1: files, sockets and what else a proxy has none of. Nothing happens here; each call has the answer
//! and the type that Envoy gives it (its types are not those of WASI for `path_link` and `path_symlink`).

use super::{Registry, offer};
use crate::vm::{Guest, Stop};

const BAD_FILE: Stop = Stop::Status(8);
const NOT_DIRECTORY: Stop = Stop::Status(20);
const NO_ENTRY: Stop = Stop::Status(44);
const NOT_IMPLEMENTED: Stop = Stop::Status(52);
const NOT_SUPPORTED: Stop = Stop::Status(58);

pub(super) fn link(registry: &mut Registry<'_>, module: &'static str) -> wasmtime::Result<()> {
    offer!(registry, module, Wasi;
        "clock_res_get" => resolution, (clock, at);
        "fd_advise" => advise, (file, offset: u64, size: u64, advice);
        "fd_allocate" => on_output_two, (file, offset: u64, size: u64);
        "fd_close" => close, (file);
        "fd_datasync" => on_output, (file);
        "fd_fdstat_get" => file_state, (file, at);
        "fd_fdstat_set_flags" => set_flags, (file, flags);
        "fd_fdstat_set_rights" => on_output_two, (file, base: u64, inheriting: u64);
        "fd_filestat_get" => no_file, (file, at);
        "fd_filestat_set_size" => on_output_one, (file, size: u64);
        "fd_filestat_set_times" => times, (file, read: u64, written: u64, flags);
        "fd_pread" => read_from, (file, pieces_at, pieces, offset: u64, read_at);
        "fd_prestat_dir_name" => directory, (file, at, size);
        "fd_prestat_get" => no_file, (file, at);
        "fd_read" => read, (file, pieces_at, pieces, read_at);
        "fd_readdir" => list, (file, at, size, cookie: u64, read_at);
        "fd_renumber" => renumber, (file, to);
        "fd_seek" => seek, (file, offset: u64, whence, at);
        "fd_sync" => on_output, (file);
        "fd_tell" => tell, (file, at);
        "path_create_directory" => three, (a, b, c);
        "path_filestat_get" => five, (a, b, c, d, e);
        "path_filestat_set_times" => path_times, (a, b, c, d, read: u64, written: u64, e);
        "path_link" => six, (a, b, c, d, e, f);
        "path_open" => open, (a, b, c, d, e, base: u64, inheriting: u64, f, g);
        "path_readlink" => read_link, (a, b, c, d, e, read_at);
        "path_remove_directory" => three, (a, b, c);
        "path_rename" => six, (a, b, c, d, e, f);
        "path_symlink" => four, (a, b, c, d);
        "path_unlink_file" => three, (a, b, c);
        "poll_oneoff" => poll, (events, results, count, happened_at);
        "sched_yield" => go_on, ();
        "sock_accept" => accept, (socket, flags, at);
        "sock_recv" => receive, (socket, pieces_at, pieces, flags, size_at, flags_at);
        "sock_send" => send, (socket, pieces_at, pieces, flags, size_at);
        "sock_shutdown" => two, (a, b);
    );
    Ok(())
}

/// Functions whose answer does not depend on their arguments.
macro_rules! answers {
    ($($name:ident($($argument:ident: $type:ty),*) = $answer:expr;)+) => {$(
        #[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "only some need them")]
        #[allow(clippy::too_many_arguments, clippy::unnecessary_wraps)]
        fn $name(_: &mut Guest<'_>, $($argument: $type),*) -> Result<(), Stop> {
            $answer
        }
    )+};
}

answers! {
    advise(_a: u32, _b: u64, _c: u64, _d: u32) = Ok(());
    close(_a: u32) = Ok(());
    seek(_a: u32, _b: u64, _c: u32, _d: u32) = Ok(());
    go_on() = Ok(());
    no_file(_a: u32, _b: u32) = Err(BAD_FILE);
    open(_a: u32, _b: u32, _c: u32, _d: u32, _e: u32, _f: u64, _g: u64, _h: u32, _i: u32) = Err(NO_ENTRY);
    set_flags(_a: u32, _b: u32) = Err(NOT_IMPLEMENTED);
    directory(_a: u32, _b: u32, _c: u32) = Err(NOT_IMPLEMENTED);
    read(_a: u32, _b: u32, _c: u32, _d: u32) = Err(NOT_IMPLEMENTED);
    read_from(_a: u32, _b: u32, _c: u32, _d: u64, _e: u32) = Err(NOT_IMPLEMENTED);
    two(_a: u32, _b: u32) = Err(NOT_SUPPORTED);
    three(_a: u32, _b: u32, _c: u32) = Err(NOT_SUPPORTED);
    four(_a: u32, _b: u32, _c: u32, _d: u32) = Err(NOT_SUPPORTED);
    five(_a: u32, _b: u32, _c: u32, _d: u32, _e: u32) = Err(NOT_SUPPORTED);
    six(_a: u32, _b: u32, _c: u32, _d: u32, _e: u32, _f: u32) = Err(NOT_SUPPORTED);
    path_times(_a: u32, _b: u32, _c: u32, _d: u32, _e: u64, _f: u64, _g: u32) = Err(NOT_SUPPORTED);
}

/// Only standard output and error are there.
fn on_output(_: &mut Guest<'_>, file: u32) -> Result<(), Stop> {
    if matches!(file, 1 | 2) { Ok(()) } else { Err(BAD_FILE) }
}

fn on_output_one(guest: &mut Guest<'_>, file: u32, _: u64) -> Result<(), Stop> {
    on_output(guest, file)
}

fn on_output_two(guest: &mut Guest<'_>, file: u32, _: u64, _: u64) -> Result<(), Stop> {
    on_output(guest, file)
}

fn times(guest: &mut Guest<'_>, file: u32, _: u64, _: u64, _: u32) -> Result<(), Stop> {
    on_output(guest, file)
}

fn renumber(guest: &mut Guest<'_>, file: u32, to: u32) -> Result<(), Stop> {
    on_output(guest, file)?;
    on_output(guest, to)?;
    Err(NOT_SUPPORTED)
}

fn tell(guest: &mut Guest<'_>, file: u32, at: u32) -> Result<(), Stop> {
    on_output(guest, file)?;
    guest.write(at, &[0; 8])
}

/// No type, and the right to write.
fn file_state(guest: &mut Guest<'_>, file: u32, at: u32) -> Result<(), Stop> {
    const WRITE: u8 = 1 << 6;
    on_output(guest, file)?;
    let mut state = [0; 24];
    state[8] = WRITE;
    guest.write(at, &state)
}

fn resolution(guest: &mut Guest<'_>, clock: u32, at: u32) -> Result<(), Stop> {
    if clock > 1 {
        return Err(NOT_SUPPORTED);
    }
    guest.write(at, &1_u64.to_le_bytes())
}

fn list(guest: &mut Guest<'_>, _: u32, _: u32, _: u32, _: u64, read_at: u32) -> Result<(), Stop> {
    guest.write_u32(read_at, 0)?;
    Err(NOT_DIRECTORY)
}

fn read_link(guest: &mut Guest<'_>, _: u32, _: u32, _: u32, _: u32, _: u32, read_at: u32) -> Result<(), Stop> {
    guest.write_u32(read_at, 0)?;
    Err(NOT_SUPPORTED)
}

/// Nothing has happened, and nobody waits.
fn poll(guest: &mut Guest<'_>, _: u32, _: u32, _: u32, happened_at: u32) -> Result<(), Stop> {
    guest.write_u32(happened_at, 0)
}

fn accept(guest: &mut Guest<'_>, _: u32, _: u32, at: u32) -> Result<(), Stop> {
    guest.write(at, &[0; 8])?;
    Err(NOT_SUPPORTED)
}

fn receive(guest: &mut Guest<'_>, _: u32, _: u32, _: u32, _: u32, size_at: u32, flags_at: u32) -> Result<(), Stop> {
    guest.write_u32(size_at, 0)?;
    guest.write(flags_at, &[0; 2])?;
    Err(NOT_SUPPORTED)
}

fn send(guest: &mut Guest<'_>, _: u32, _: u32, _: u32, _: u32, size_at: u32) -> Result<(), Stop> {
    guest.write_u32(size_at, 0)?;
    Err(NOT_SUPPORTED)
}
