//! Unpacking the compressed streams of objects.
//!
//! A commit or a tag has some 200 bytes, and libraries take most of their time for it with tables that are made for
//! streams of megabytes. Small streams are read here, with tables no bigger than their longest code
//! (<https://www.rfc-editor.org/rfc/rfc1951>). The checksum at the end tells whether that was right: whatever is not as
//! usual, or damaged, is left to the library, and what it says counts.

/// What is bigger is the library's: its tables pay there.
const SMALL: usize = 512;
/// The longest code that is read here: small streams have no longer ones.
const LONGEST: usize = 11;
/// Symbols of both alphabets of a block.
const SYMBOLS: usize = 320;
/// The symbol at the end of a block.
const END: u16 = 256;

/// What a thread needs to unpack streams.
pub(super) struct Inflate {
    own: Box<Small>,
    library: libdeflater::Decompressor,
}

impl Inflate {
    pub fn new() -> Inflate {
        Inflate { own: Box::default(), library: libdeflater::Decompressor::new() }
    }

    /// Unpacks the zlib stream that `bytes` begin with to exactly as many bytes as `out` has; `None`: it is damaged, or has
    /// more or fewer.
    pub fn zlib(&mut self, bytes: &[u8], out: &mut [u8]) -> Option<()> {
        if out.len() <= SMALL && self.own.zlib(bytes, out).is_some() {
            return Some(());
        }
        self.library.zlib_decompress(bytes, out).ok().filter(|got| *got == out.len()).map(drop)
    }
}

/// The tables of a small stream.
#[derive(Default)]
struct Small {
    /// Of literals and lengths.
    literals: Table,
    distances: Table,
    /// Of the lengths of codes.
    lengths: Table,
}

impl Small {
    fn zlib(&mut self, bytes: &[u8], out: &mut [u8]) -> Option<()> {
        let head = bytes.first_chunk::<2>()?;
        // Deflate, without a dictionary.
        if head[0] & 15 != 8 || head[1] & 32 != 0 || !u16::from_be_bytes(*head).is_multiple_of(31) {
            return None;
        }
        let mut bits = Bits { bytes, at: 2, held: 0, count: 0 };
        let mut done = 0;
        loop {
            bits.fill();
            let is_last = bits.take(1) == 1;
            // With codes of its own; stored blocks and those with fixed codes are rare.
            if bits.take(2) != 2 {
                return None;
            }
            self.codes(&mut bits)?;
            done = self.block(&mut bits, out, done)?;
            if is_last {
                break;
            }
        }
        let sum = bytes.get(bits.at - bits.count as usize / 8..)?.first_chunk::<4>()?;
        (done == out.len() && u32::from_be_bytes(*sum) == libdeflater::adler32(out)).then_some(())
    }

    /// Reads the codes of a block.
    fn codes(&mut self, given: &mut Bits<'_>) -> Option<()> {
        /// In which order the lengths of the codes for lengths of codes come.
        const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let mut bits = *given;
        let (literals, distances) = (bits.take(5) as u16 + 257, bits.take(5) as u16 + 1);
        let mut lengths = [0; ORDER.len()];
        for (n, symbol) in ORDER[..bits.take(4) as usize + 4].iter().enumerate() {
            if n % 14 == 0 {
                bits.fill();
            }
            lengths[usize::from(*symbol)] = bits.take(3) as u8;
        }
        let mut coded = [(0, 0); SYMBOLS];
        let mut count = 0;
        for (symbol, length) in (0..).zip(lengths).filter(|(_, length)| *length > 0) {
            coded[count] = (symbol, length);
            count += 1;
        }
        self.lengths.make(&coded[..count])?;
        // Most symbols have no code: only those that have one are listed.
        let (mut count, mut symbol, mut last) = (0, 0, 0);
        while symbol < literals + distances {
            if bits.count < 14 {
                bits.fill();
            }
            let (length, repeat) = match bits.symbol(&self.lengths)? {
                length @ 0..=15 => (length as u8, 1),
                16 => (last, bits.take(2) as u16 + 3),
                17 => (0, bits.take(3) as u16 + 3),
                _ => (0, bits.take(7) as u16 + 11),
            };
            last = length;
            if length > 0 {
                for symbol in symbol..symbol + repeat {
                    *coded.get_mut(count)? = (symbol, length);
                    count += 1;
                }
            }
            symbol += repeat;
        }
        let coded = coded.get_mut(..count).filter(|_| symbol == literals + distances)?;
        let (of_literals, of_distances) = coded.split_at_mut(coded.partition_point(|(symbol, _)| *symbol < literals));
        of_distances.iter_mut().for_each(|(symbol, _)| *symbol -= literals);
        *given = bits;
        self.literals.make(of_literals)?;
        self.distances.make(of_distances)
    }

    /// Unpacks a block behind the first `done` bytes; how many there are then.
    fn block(&self, given: &mut Bits<'_>, out: &mut [u8], mut done: usize) -> Option<usize> {
        let mut bits = *given;
        loop {
            bits.fill();
            let mut symbol = bits.symbol(&self.literals)?;
            if symbol < END {
                *out.get_mut(done)? = symbol as u8;
                done += 1;
                // The bits that are there are enough for one more of any kind.
                symbol = bits.symbol(&self.literals)?;
                if symbol < END {
                    *out.get_mut(done)? = symbol as u8;
                    done += 1;
                    continue;
                }
            }
            if symbol == END {
                *given = bits;
                return Some(done);
            }
            let length = bits.number(LENGTHS.get(usize::from(symbol - END - 1))?);
            let symbol = bits.symbol(&self.distances)?;
            let distance = bits.number(DISTANCES.get(usize::from(symbol))?);
            let (from, end) = (done.checked_sub(distance)?, done + length);
            if end > out.len() {
                return None;
            }
            if distance >= 8 && end + 8 <= out.len() {
                // Eight at a time, and what is too much is overwritten.
                for step in (0..length).step_by(8) {
                    let piece: [u8; 8] = *out[from + step..].first_chunk()?;
                    *out[done + step..].first_chunk_mut()? = piece;
                }
            } else {
                for step in 0..length {
                    out[done + step] = out[from + step];
                }
            }
            done = end;
        }
    }
}

/// The least length that each symbol means, and how many bits are added.
const LENGTHS: [(u16, u8); 29] = with_bits(
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258],
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
/// The same for distances.
const DISTANCES: [(u16, u8); 30] = with_bits(
    [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ],
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

const fn with_bits<const N: usize>(least: [u16; N], bits: [u8; N]) -> [(u16, u8); N] {
    let (mut out, mut n) = ([(0, 0); N], 0);
    while n < N {
        out[n] = (least[n], bits[n]);
        n += 1;
    }
    out
}

/// What the next bits mean.
struct Table {
    /// How many bits the longest code has.
    bits: u32,
    /// For all values of so many bits: the symbol, and in the last four bits the length of its code. Zero: no code.
    entries: [u16; 1 << LONGEST],
}

impl Default for Table {
    fn default() -> Self {
        Table { bits: 0, entries: [0; 1 << LONGEST] }
    }
}

impl Table {
    /// Makes the table from the symbols that have codes, in their order, each with the length of its code.
    fn make(&mut self, coded: &[(u16, u8)]) -> Option<()> {
        let mut counts = [0u16; 16];
        for (_, length) in coded {
            counts[usize::from(*length & 15)] += 1;
        }
        // Codes of one length follow one another, and those that are longer come behind them.
        let (mut next, mut first, mut longest, mut used) = ([0u16; 16], 0u16, 1, 0u32);
        for length in 1..16 {
            next[length] = first;
            first = first.wrapping_add(counts[length]) << 1;
            used += u32::from(counts[length]) << (15 - length);
            if counts[length] > 0 {
                longest = length;
            }
        }
        if longest > LONGEST {
            return None;
        }
        self.bits = longest as u32;
        let entries = &mut self.entries[..1 << longest];
        if used != 1 << 15 {
            // Only a single code, or none at all, may leave something over.
            entries.fill(0);
            return match coded {
                [] => Some(()),
                [(symbol, 1)] => {
                    entries[0] = symbol << 4 | 1;
                    Some(())
                }
                _ => None,
            };
        }
        for (symbol, length) in coded {
            let code = &mut next[usize::from(*length & 15)];
            // The first bit of a code comes first, and is the lowest one that is held.
            let place = usize::from(code.reverse_bits() >> (16 - length));
            *code += 1;
            entries.iter_mut().skip(place).step_by(1 << length).for_each(|e| *e = symbol << 4 | u16::from(*length));
        }
        Some(())
    }
}

/// The bits of a stream, the lowest of each byte first.
#[derive(Clone, Copy)]
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Holds 56 bits or more. Behind the end come zeros; whoever takes them finds no checksum.
    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            self.held |= u64::from_le_bytes(*next) << self.count;
            self.at += (63 - self.count as usize) / 8;
            self.count |= 56;
        } else {
            while self.count < 56 {
                self.held |= u64::from(self.bytes.get(self.at).copied().unwrap_or(0)) << self.count;
                self.at += 1;
                self.count += 8;
            }
        }
    }

    #[inline]
    fn take(&mut self, count: u32) -> u64 {
        let out = self.held & ((1 << count) - 1);
        self.held >>= count;
        self.count -= count;
        out
    }

    #[inline]
    fn symbol(&mut self, table: &Table) -> Option<u16> {
        let next = self.held as usize & ((1 << table.bits) - 1);
        let entry = table.entries[next & ((1 << LONGEST) - 1)];
        self.take(u32::from(entry & 15));
        (entry != 0).then_some(entry >> 4)
    }

    #[inline]
    fn number(&mut self, (least, bits): &(u16, u8)) -> usize {
        usize::from(*least) + self.take(u32::from(*bits)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn pack(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    /// What the library makes of a stream.
    fn by_library(packed: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; size];
        let got = libdeflater::Decompressor::new().zlib_decompress(packed, &mut out).ok()?;
        (got == size).then_some(out)
    }

    fn by_own(packed: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut out = vec![0xaa; size];
        Small::default().zlib(packed, &mut out)?;
        Some(out)
    }

    fn commit(n: usize) -> String {
        let name = |n: usize| {
            format!(
                "{:016x}{:016x}{n:08x}",
                n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                (!n).wrapping_mul(0x2545_f491_4f6c_dd1d)
            )
        };
        format!(
            "tree {}\nparent {}\nauthor A U Thor <author@example.org> {n} +0200\ncommitter C O Mitter <c@example.org> {n} \
             +0200\n\nNumber {n} of the commits\n{}",
            name(n),
            name(n + 1),
            "Some words about it, and some words more about it.\n".repeat(n % 9)
        )
    }

    #[test]
    fn commits_are_read_here_and_not_by_the_library() {
        for n in 0..300 {
            let (text, level) = (commit(n), [6, 9][n % 2]);
            let mut packed = pack(text.as_bytes(), level);
            assert_eq!(by_own(&packed, text.len()).as_deref(), Some(text.as_bytes()), "{n}");
            for size in [text.len() - 1, text.len() + 1] {
                assert_eq!(by_own(&packed, size), None);
            }
            // What stands behind it, or that nothing does, is no matter.
            packed.extend([0x55; 20]);
            assert_eq!(by_own(&packed, text.len()).as_deref(), Some(text.as_bytes()), "{n}");
        }
    }

    proptest! {
        #[test]
        fn all_streams_are_unpacked(
            words in proptest::collection::vec("[a-f]{1,9}|[ -~]{1,40}", 0..300),
            level in 0..10u32,
        ) {
            let text = words.concat();
            let packed = pack(text.as_bytes(), level);
            let mut out = vec![0; text.len()];
            prop_assert!(Inflate::new().zlib(&packed, &mut out).is_some() && out == text.as_bytes());
            prop_assert!(by_own(&packed, text.len()).is_none_or(|own| own == text.as_bytes()));
        }

        #[test]
        fn damage_is_never_taken_for_content(n in 0..50usize, at in 0..400usize, bit in 0..8u8, cut in 0..400usize) {
            let text = commit(n);
            let mut packed = pack(text.as_bytes(), 6);
            let at = at % packed.len();
            packed[at] ^= 1 << bit;
            let own = by_own(&packed, text.len());
            prop_assert!(own.is_none() || own == by_library(&packed, text.len()));
            packed.truncate(cut);
            let own = by_own(&packed, text.len());
            prop_assert!(own.is_none() || own == by_library(&packed, text.len()));
        }
    }
}
