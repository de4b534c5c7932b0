//! Keys in buckets, so that a cluster brings the rows of one key together without understanding keys.

use arrow_array::RecordBatch;

use super::cells::{Fingerprinter, Role};

/// The bucket of each row of a batch of key columns, in whatever writing its key is: 0 to `buckets` less
/// one, or `buckets` for rows without a key. The same in every process and on every machine.
#[must_use]
pub fn key_buckets(keys: &RecordBatch, buckets: u32) -> Vec<u32> {
    let mut sums = vec![0_u128; keys.num_rows()];
    let mut keyless = vec![false; keys.num_rows()];
    let mut cells = Vec::new();
    for (seed, column) in (1_u64..).zip(keys.columns()) {
        // Known seeds: whoever wants all keys in one bucket slows only their own comparison.
        let mut fingerprinter = Fingerprinter::new(Role::Key, seed << 32);
        cells.clear();
        cells.resize(keys.num_rows(), 0);
        fingerprinter.add(column.as_ref(), &mut cells);
        let absent = fingerprinter.absent();
        for ((sum, keyless), cell) in sums.iter_mut().zip(&mut keyless).zip(&cells) {
            *sum = sum.wrapping_add(*cell);
            *keyless |= *cell == absent;
        }
    }
    let bucket = |(sum, keyless): (u128, bool)| {
        // The rest is less than `buckets`.
        if keyless { buckets } else { (sum % u128::from(buckets.max(1))) as u32 }
    };
    sums.into_iter().zip(keyless).map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn a_key_has_one_bucket_in_every_writing() {
        let keys: ArrayRef = Arc::new(StringArray::from(vec![
            Some("1001"),
            Some("１００１"),
            Some(" 1001"),
            None,
            Some("　"),
        ]));
        let found = key_buckets(&RecordBatch::try_from_iter([("k", keys)]).unwrap(), 64);
        assert_eq!(found, [found[0], found[0], found[0], 64, 64]);
        assert!(found[0] < 64);
    }

    #[test]
    fn buckets_are_evenly_filled_and_the_same_everywhere() {
        let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..8000).map(|i| i.to_string())));
        let keys = RecordBatch::try_from_iter([("k", keys)]).unwrap();
        let found = key_buckets(&keys, 8);
        for bucket in 0..8 {
            let count = found.iter().filter(|b| **b == bucket).count();
            assert!((900..1100).contains(&count), "{count}");
        }
        assert_eq!(found, key_buckets(&keys, 8));
        assert!(key_buckets(&keys, 1).iter().all(|b| *b == 0));
        assert_eq!(found[..4], EVERYWHERE);
    }

    /// What every build on every machine must give.
    const EVERYWHERE: [u32; 4] = [6, 2, 0, 2];
}
