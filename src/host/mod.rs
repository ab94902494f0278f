//! The machine: clock, identity, environment, file system, processes.

pub mod clock;
pub mod env;
pub mod fs;
pub mod gitlock;
pub mod machine;
pub mod mounts;
pub mod process;
pub mod run;
pub mod scratch;
pub mod talk;
mod threads;

pub use run::Runner;
pub use talk::Talk;
pub use threads::{aside, beside, share, threads, together};

/// Asks for big pages where much memory is filled at once: making thousands of small ones takes longer than reading a file into
/// them. Where there are none, nothing is different.
pub fn big_pages<T>(room: &Vec<T>) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::mm::{Advice, madvise};
        const PAGE: usize = 2 << 20;
        let start = room.as_ptr() as usize;
        let end = start + room.capacity() * size_of::<T>();
        let (start, end) = (start.next_multiple_of(PAGE), end / PAGE * PAGE);
        if start < end {
            #[expect(unsafe_code, reason = "rustix has no safe function for it")]
            // SAFETY: the range is inside of memory that is ours, and this advice changes nothing of what is in it.
            let _ = unsafe { madvise(start as *mut std::ffi::c_void, end - start, Advice::LinuxHugepage) };
        }
    }
}

/// The bits that new files do not get.
pub fn umask() -> u32 {
    static UMASK: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *UMASK.get_or_init(|| {
        // Reading it means setting it: done once, early, and put back at once.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.as_raw_mode() & 0o777
    })
}
