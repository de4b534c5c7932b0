//! The left table's rows by key: 24 bytes of fingerprint and one of state each, and a hash table of
//! row numbers.

use std::collections::HashMap;
use std::hint::black_box;

/// What is known of a left row. Bits of a byte.
pub(crate) mod state {
    /// The first of several left rows with one key.
    pub(crate) const FIRST_OF_SEVERAL: u8 = 1;
    /// A later one of them.
    pub(crate) const REPEATED: u8 = 2;
    /// The row has no key.
    pub(crate) const NO_KEY: u8 = 4;
    /// A right row with the same fingerprint was met, and is remembered by this bit alone.
    pub(crate) const EQUAL: u8 = 8;
    /// A right row of the same key was kept, to be compared cell by cell.
    pub(crate) const COMPARE: u8 = 16;
    /// One of so many rows of one key that they are counted and not compared.
    pub(crate) const COUNTED: u8 = 32;
}

/// The most rows that an index holds.
pub(crate) const ROW_LIMIT: usize = u32::MAX as usize - 1;

/// What a row is known by.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    print: [u64; 2],
}

/// An open-addressed table over entries in row order.
#[derive(Debug)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    states: Vec<u8>,
    /// The rows' places in the snapshot, where some rows belong to other passes.
    places: Option<Vec<u32>>,
    /// Half a key's fingerprint above, the row's number plus one below; 0 is an empty slot.
    slots: Vec<u64>,
    shift: u32,
    used: usize,
    /// Rows beyond the first by key, for keys that stand more than once.
    repeated: HashMap<u64, u64>,
    /// How many rows of one key are kept apart.
    group_limit: u64,
}

fn halves(print: u128) -> [u64; 2] {
    [(print >> 64) as u64, print as u64]
}

impl Index {
    /// An index with room for `rows` rows. Where all rows of the snapshot are pushed (`whole`),
    /// their places need not be kept.
    pub(crate) fn new(rows: usize, whole: bool, group_limit: u64) -> Self {
        let slots = (rows.max(1024) * 5 / 4).next_power_of_two();
        Self {
            entries: Vec::with_capacity(rows),
            states: Vec::with_capacity(rows),
            places: (!whole).then(|| Vec::with_capacity(rows)),
            slots: vec![0; slots],
            shift: 64 - slots.trailing_zeros(),
            used: 0,
            repeated: HashMap::new(),
            group_limit,
        }
    }

    /// The bytes that an index of `rows` rows takes.
    pub(crate) fn bytes_for(rows: u64) -> u64 {
        rows * 29 + (rows.max(1024) * 5 / 4).next_power_of_two() * 8
    }

    /// The bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let places = self.places.as_ref().map_or(0, |p| p.capacity() * 4);
        (places
            + self.entries.capacity() * 24
            + self.states.capacity()
            + self.slots.len() * 8
            + self.repeated.len() * 32) as u64
    }

    /// Where the row `row` stands in the snapshot.
    pub(crate) fn place(&self, row: usize) -> u64 {
        self.places.as_ref().map_or(row as u64, |p| p[row].into())
    }

    pub(crate) fn states(&self) -> &[u8] {
        &self.states
    }

    pub(crate) fn key(&self, row: usize) -> u64 {
        self.entries[row].key
    }

    /// Rows beyond the first by key, for keys that stand more than once.
    pub(crate) fn repeats(&self) -> HashMap<u64, u64> {
        self.repeated.clone()
    }

    /// Whether a row is to be fetched: it met no equal, or its key stands more than once.
    pub(crate) fn is_wanted(&self, row: usize) -> bool {
        let bits = self.states[row];
        bits & (state::NO_KEY | state::COUNTED) == 0 && bits != state::EQUAL
    }

    /// A right row with the key of the row `first`: whether it is its only equal, which is all that is
    /// to be remembered of it.
    pub(crate) fn meets_equal(&mut self, first: u32, print: u128) -> bool {
        let is_alone = self.states[first as usize] & (state::FIRST_OF_SEVERAL | state::EQUAL) == 0;
        let is_equal = is_alone && self.entries[first as usize].print == halves(print);
        if is_equal {
            self.mark(first, state::EQUAL);
        }
        is_equal
    }

    pub(crate) fn mark(&mut self, row: u32, bits: u8) {
        self.states[row as usize] |= bits;
    }

    /// Adds a row without a key, which is not looked up.
    pub(crate) fn push_keyless(&mut self) {
        if self.places.is_none() {
            self.entries.push(Entry { key: 0, print: [0; 2] });
            self.states.push(state::NO_KEY);
        }
    }

    /// Adds the row at `place` of the snapshot.
    pub(crate) fn push(&mut self, place: u32, key: u64, print: u128) {
        if let Some(places) = &mut self.places {
            places.push(place);
        }
        if self.used * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        let row = self.entries.len();
        match self.find(key) {
            Ok(first) => {
                let extra = self.repeated.entry(key).or_insert(0);
                *extra += 1;
                let bits = if *extra < self.group_limit { state::REPEATED } else { state::COUNTED };
                self.states.push(bits);
                self.states[first as usize] |= state::FIRST_OF_SEVERAL;
            }
            Err(slot) => {
                self.slots[slot] = tagged(key, row);
                self.used += 1;
                self.states.push(0);
            }
        }
        self.entries.push(Entry { key, print: halves(print) });
    }

    /// The first row with `key`, or the slot where it would stand.
    fn find(&self, key: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = (key >> self.shift) as usize;
        loop {
            let content = self.slots[slot];
            if content == 0 {
                return Err(slot);
            }
            let row = content as u32 - 1;
            if content >> 32 == key & 0xffff_ffff && self.entries[row as usize].key == key {
                return Ok(row);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The first row with `key`.
    pub(crate) fn look_up(&self, key: u64) -> Option<u32> {
        self.find(key).ok()
    }

    /// Reads what looking `keys` up will read. The reads don't wait for each other, as those of a
    /// search do, so that the memory's latency is paid once for many.
    pub(crate) fn warm(&self, keys: impl Iterator<Item = u64>, and_entries: bool) {
        let mut sum = 0;
        for key in keys {
            let content = self.slots[(key >> self.shift) as usize];
            sum ^= content;
            if and_entries && content != 0 {
                sum ^= self.entries[content as u32 as usize - 1].key;
            }
        }
        black_box(sum);
    }

    fn grow(&mut self) {
        let slots = self.slots.len() * 2;
        self.shift -= 1;
        self.slots = vec![0; slots];
        for row in 0..self.entries.len() {
            if self.states[row] & (state::REPEATED | state::COUNTED | state::NO_KEY) != 0 {
                continue;
            }
            let key = self.entries[row].key;
            let mut slot = (key >> self.shift) as usize;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = tagged(key, row);
        }
    }
}

fn tagged(key: u64, row: usize) -> u64 {
    // An index holds fewer rows than ROW_LIMIT, so that the number fits its half.
    (key & 0xffff_ffff) << 32 | (row as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_after_growing_and_repeats_are_counted() {
        let mut index = Index::new(0, true, 3);
        // Keys that share their upper bits collide in the table; those that share their lower bits
        // share a tag.
        let keys: Vec<u64> = (0..5000_u64).map(|i| if i % 2 == 0 { i } else { i << 40 | 7 }).collect();
        for (row, key) in keys.iter().enumerate() {
            index.push(row as u32, *key, u128::from(*key));
        }
        for (row, key) in keys.iter().enumerate() {
            assert_eq!(index.find(*key), Ok(row as u32));
            assert!(!index.meets_equal(row as u32, u128::from(*key) + 1));
            assert!(index.meets_equal(row as u32, u128::from(*key)));
            assert!(!index.meets_equal(row as u32, u128::from(*key)), "one equal is remembered by a bit");
        }
        assert!(index.find(9999).is_err());
        for place in 5000..5004 {
            index.push(place, keys[2], 1);
        }
        assert_eq!(index.repeats(), HashMap::from([(keys[2], 4)]));
        assert_eq!(index.states()[2], state::FIRST_OF_SEVERAL | state::EQUAL);
        assert!(index.is_wanted(2) && !index.is_wanted(3) && !index.is_wanted(5003));
        assert_eq!(
            index.states()[5000..],
            [state::REPEATED, state::REPEATED, state::COUNTED, state::COUNTED]
        );
        assert!(index.bytes() >= 5004 * 25);
    }
}
