//! Numbers in Parquet's hybrid of runs and packed bits, in which dictionaries' indices and
//! definition levels are written.

use bytes::Bytes;

/// The bytes are no such numbers, or too few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Reads numbers of a fixed width.
#[derive(Debug)]
pub(super) struct Hybrid {
    bytes: Bytes,
    /// Where the next run begins.
    at: usize,
    width: u32,
    run: Run,
}

#[derive(Debug, Clone, Copy)]
enum Run {
    Repeated {
        value: u32,
        left: usize,
    },
    /// `bit` counts from the first byte of `bytes`.
    Packed {
        bit: usize,
        left: usize,
    },
}

impl Hybrid {
    /// The numbers of `width` bits in `bytes`.
    pub(super) fn new(bytes: Bytes, width: u32) -> Result<Self, Damaged> {
        if width > 32 {
            return Err(Damaged);
        }
        Ok(Self { bytes, at: 0, width, run: Run::Repeated { value: 0, left: 0 } })
    }

    /// Appends the next `count` numbers to `out`.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u32>) -> Result<(), Damaged> {
        let end = out.len() + count;
        while out.len() < end {
            let wanted = end - out.len();
            match &mut self.run {
                Run::Repeated { left: 0, .. } | Run::Packed { left: 0, .. } => self.run = self.next_run()?,
                Run::Repeated { value, left } => {
                    let taken = wanted.min(*left);
                    out.extend(std::iter::repeat_n(*value, taken));
                    *left -= taken;
                }
                Run::Packed { bit, left } => {
                    let taken = wanted.min(*left);
                    unpack(&self.bytes, *bit, self.width, taken, out);
                    *bit += taken * self.width as usize;
                    *left -= taken;
                }
            }
        }
        Ok(())
    }

    /// Reads as many of the next `most` numbers as are surely the same one: it, and how many.
    pub(super) fn read_run(&mut self, most: usize) -> Result<(u32, usize), Damaged> {
        loop {
            match &mut self.run {
                Run::Repeated { left: 0, .. } | Run::Packed { left: 0, .. } => self.run = self.next_run()?,
                Run::Repeated { value, left } => {
                    let taken = most.min(*left);
                    *left -= taken;
                    return Ok((*value, taken));
                }
                Run::Packed { bit, left } => {
                    let mut number = Vec::with_capacity(1);
                    unpack(&self.bytes, *bit, self.width, 1, &mut number);
                    *bit += self.width as usize;
                    *left -= 1;
                    return Ok((number[0], 1));
                }
            }
        }
    }

    fn next_run(&mut self) -> Result<Run, Damaged> {
        let header = self.varint()?;
        let count = usize::try_from(header >> 1).map_err(|_| Damaged)?;
        if count == 0 {
            // A run of nothing would be read again and again.
            return Err(Damaged);
        }
        if header & 1 == 1 {
            // Groups of eight; the last one may be cut off with the page.
            let left = count.checked_mul(8).ok_or(Damaged)?;
            let there = self.bytes.len() - self.at;
            let bytes = count.checked_mul(self.width as usize).ok_or(Damaged)?.min(there);
            let bit = self.at * 8;
            self.at += bytes;
            let whole = if self.width == 0 { left } else { bytes * 8 / self.width as usize };
            return if whole == 0 { Err(Damaged) } else { Ok(Run::Packed { bit, left: left.min(whole) }) };
        }
        let bytes = self.width.div_ceil(8) as usize;
        let value = self.bytes.get(self.at..self.at + bytes).ok_or(Damaged)?;
        let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        self.at += bytes;
        Ok(Run::Repeated { value, left: count })
    }

    fn varint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Damaged)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }
}

/// Appends `count` numbers of `width` bits that begin at `bit`, all of which lie in `bytes`.
fn unpack(bytes: &[u8], bit: usize, width: u32, count: usize, out: &mut Vec<u32>) {
    let mask = (1_u64 << width) - 1;
    let mut bit = bit;
    out.extend((0..count).map(|_| {
        let from = bit / 8;
        // 32 bits and the 7 before them fit eight bytes.
        let word = match bytes[from.min(bytes.len())..].first_chunk::<8>() {
            Some(word) => u64::from_le_bytes(*word),
            None => {
                let mut word = [0; 8];
                let rest = &bytes[from.min(bytes.len())..];
                word[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(word)
            }
        };
        let value = word >> (bit % 8) & mask;
        bit += width as usize;
        // The mask leaves 32 bits.
        value as u32
    }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// Writes each run repeated or packed, as `runs` says.
    fn write(runs: &[(bool, Vec<u32>)], width: u32) -> (Vec<u8>, Vec<u32>) {
        let (mut bytes, mut numbers) = (Vec::new(), Vec::new());
        for (packed, values) in runs {
            if *packed {
                let groups = values.len().div_ceil(8);
                varint((groups as u64) << 1 | 1, &mut bytes);
                let mut bits = vec![false; groups * 8 * width as usize];
                for (i, value) in values.iter().enumerate() {
                    (0..width).for_each(|b| bits[i * width as usize + b as usize] = value >> b & 1 == 1);
                }
                let pack = |byte: &[bool]| byte.iter().rev().fold(0, |n, bit| n << 1 | u8::from(*bit));
                bytes.extend(bits.chunks(8).map(pack));
                numbers.extend(values);
                numbers.extend(std::iter::repeat_n(0, groups * 8 - values.len()));
            } else {
                varint((values.len() as u64) << 1, &mut bytes);
                bytes.extend(&values[0].to_le_bytes()[..width.div_ceil(8) as usize]);
                numbers.extend(std::iter::repeat_n(values[0], values.len()));
            }
        }
        (bytes, numbers)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_in_any_steps(
            width in 0_u32..=32,
            runs in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u32>(), 1..40)), 1..6),
            step in 1_usize..50,
        ) {
            let mask = ((1_u64 << width) - 1) as u32;
            let fit = |(packed, values): (bool, Vec<u32>)| (packed, values.iter().map(|v| v & mask).collect());
            let runs: Vec<_> = runs.into_iter().map(fit).collect();
            let (bytes, numbers) = write(&runs, width);
            let mut hybrid = Hybrid::new(bytes.clone().into(), width).unwrap();
            let mut found = Vec::new();
            while found.len() < numbers.len() {
                hybrid.read(step.min(numbers.len() - found.len()), &mut found).unwrap();
            }
            prop_assert_eq!(&found, &numbers);
            let (mut hybrid, mut found) = (Hybrid::new(bytes.into(), width).unwrap(), Vec::new());
            while found.len() < numbers.len() {
                let (number, count) = hybrid.read_run(step.min(numbers.len() - found.len())).unwrap();
                found.extend(std::iter::repeat_n(number, count));
            }
            prop_assert_eq!(found, numbers);
            prop_assert_eq!(hybrid.read(1, &mut Vec::new()), Err(Damaged));
        }

        #[test]
        fn any_bytes_are_numbers_or_damage(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            width in 0_u32..40,
        ) {
            if let Ok(mut hybrid) = Hybrid::new(bytes.into(), width) {
                let _ = hybrid.read(1000, &mut Vec::new());
            }
        }
    }
}
