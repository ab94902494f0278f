//! Compressing objects: small ones with what each thread keeps for it, big ones on all processors.

use crate::host::beside;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::cell::RefCell;

/// From this size on a second thread is worth it.
const MUCH: usize = 1 << 20;

thread_local! {
    /// Setting one up costs more than compressing a small file, so that each thread keeps its own.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), true));
}

/// Compresses `data` onto the end of `out`.
pub(super) fn deflate(data: &[u8], out: &mut Vec<u8>) -> std::io::Result<()> {
    let parts = crate::host::threads(data.len() / MUCH);
    if parts > 1 {
        return deflate_in_parts(data, data.len().div_ceil(parts), out);
    }
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        loop {
            let rest = &data[compress.total_in() as usize..];
            out.reserve((rest.len() / 2).max(64));
            match compress.compress_vec(rest, out, FlushCompress::Finish)? {
                Status::StreamEnd => return Ok(()),
                Status::Ok | Status::BufError => {}
            }
        }
    })
}

/// The same on all processors: each part ends at a byte, so that they can stand one behind the other.
/// Format: <https://www.rfc-editor.org/rfc/rfc1950>.
fn deflate_in_parts(data: &[u8], size: usize, out: &mut Vec<u8>) -> std::io::Result<()> {
    const FAST: [u8; 2] = [0x78, 0x01];
    let last = data.len().div_ceil(size) - 1;
    let parts = std::thread::scope(|scope| {
        let deflate =
            |(n, part)| move || deflate_part(part, if n == last { FlushCompress::Finish } else { FlushCompress::Sync });
        let others: Vec<_> = data.chunks(size).enumerate().skip(1).map(|part| beside(scope, deflate(part))).collect();
        let first = deflate((0, &data[..size]))();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        std::iter::once(first).chain(others.into_iter().map(join)).collect::<std::io::Result<Vec<Vec<u8>>>>()
    })?;
    out.extend(FAST);
    out.extend(parts.concat());
    out.extend(libdeflater::adler32(data).to_be_bytes());
    Ok(())
}

fn deflate_part(part: &[u8], end: FlushCompress) -> std::io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::fast(), false);
    let mut out = Vec::with_capacity(part.len() / 2);
    loop {
        let rest = &part[compress.total_in() as usize..];
        out.reserve((rest.len() / 2).max(64));
        let status = compress.compress_vec(rest, &mut out, end)?;
        let all = compress.total_in() as usize == part.len() && out.len() < out.capacity();
        if status == Status::StreamEnd || (all && end == FlushCompress::Sync) {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_in_parts_is_one_stream() {
        let text: Vec<u8> = (0..700_000u32).flat_map(|n| format!("{n:x}\n").into_bytes()).collect();
        for size in [text.len() / 2 + 1, text.len() / 3 + 1, MUCH, text.len() - 1] {
            let (mut packed, mut back) = (Vec::new(), vec![0; text.len()]);
            deflate_in_parts(&text, size, &mut packed).unwrap();
            let got = libdeflater::Decompressor::new().zlib_decompress(&packed, &mut back);
            assert_eq!(got, Ok(text.len()));
            assert!(back == text && packed.len() < text.len() / 4 * 3);
        }
    }
}
