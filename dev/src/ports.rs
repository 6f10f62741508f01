//! Which ports of the loopback address belong to one plane alone?

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result, bail};

/// Below the range from which the kernel takes the ports of outgoing connections, so that a part which is stopped for a while finds its port free.
const FIRST: u16 = 20_000;
/// One block serves one plane.
const BLOCK: u16 = 24;
const BLOCKS: u16 = 500;

/// A block of ports, reserved by a file lock until the value is dropped or the process is gone.
#[derive(Debug)]
pub(crate) struct Ports {
    base: u16,
    _lock: File,
}

impl Ports {
    /// Looks for a block that no other plane of this user holds and whose ports are free.
    pub(crate) fn reserve(cache: &Path) -> Result<Self> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let dir = cache.join("ports");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        // Processes start at different places, so that they seldom try each other's blocks.
        let first = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap_or(0);
        for _ in 0..BLOCKS {
            let block = (first + NEXT.fetch_add(1, Ordering::Relaxed) % BLOCKS) % BLOCKS;
            let base = FIRST + block * BLOCK;
            let path = dir.join(base.to_string());
            let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            if lock.try_lock().is_ok() && (base..base + BLOCK).all(free) {
                return Ok(Self { base, _lock: lock });
            }
        }
        bail!("no {BLOCK} free ports in a row between {FIRST} and {}", FIRST + BLOCKS * BLOCK)
    }

    pub(crate) fn etcd(&self) -> u16 {
        self.base
    }
    pub(crate) fn etcd_peer(&self) -> u16 {
        self.base + 1
    }
    pub(crate) fn api(&self) -> u16 {
        self.base + 2
    }
    pub(crate) fn prometheus(&self) -> u16 {
        self.base + 3
    }
    pub(crate) fn traffic(&self) -> u16 {
        self.base + 4
    }
    /// One for each of several controllers at once.
    pub(crate) fn controllers(&self) -> impl Iterator<Item = u16> {
        self.base + 5..self.base + BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_planes_never_share_a_port() {
        let cache = tempfile::tempdir().expect("a folder");
        let (one, two) = (Ports::reserve(cache.path()).expect("ports"), Ports::reserve(cache.path()).expect("ports"));
        assert!(one.base.abs_diff(two.base) >= BLOCK);
    }
}
