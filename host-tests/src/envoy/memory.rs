//! How much linear memory the wasm virtual machines of a process hold, read from outside.
//!
//! Envoy exposes no such figure. V8 lays each linear memory at the start of a reservation of several GiB: the part
//! in use is readable and writable, all behind it is barred. `/proc/PID/maps` shows both, so the size of the first is the
//! memory's size to the page.

/// No other mapping reserves as much behind itself.
const RESERVED: u64 = 1 << 30;

/// The bytes of each linear memory.
pub(super) fn linear_memories(process: u32) -> Vec<u64> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("Linux's /proc");
    let regions: Vec<_> = maps.lines().filter_map(Region::read).collect();
    regions
        .windows(2)
        .filter(|pair| pair[0].writable && pair[1].barred && pair[0].end == pair[1].start && pair[1].len() >= RESERVED)
        .map(|pair| pair[0].len())
        .collect()
}

struct Region {
    start: u64,
    end: u64,
    writable: bool,
    barred: bool,
}

impl Region {
    fn read(line: &str) -> Option<Self> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        let end = u64::from_str_radix(end, 16).ok()?;
        Some(Self { start, end, writable: rest.starts_with("rw-p"), barred: rest.starts_with("---p") })
    }

    const fn len(&self) -> u64 {
        self.end - self.start
    }
}
