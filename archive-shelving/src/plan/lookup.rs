//! Finding one of a million texts by 32 bits each: the table holds numbers, the texts stay where they are.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Numbers of texts that the owner keeps.
#[derive(Debug)]
pub(super) struct Lookup {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Lookup {
    /// Numbers `count` texts in their order; `Err` gives the first that stands twice.
    pub(super) fn new<'t>(count: usize, text: impl Fn(usize) -> &'t str) -> Result<Self, usize> {
        let hasher = RandomState::default();
        let mut table = HashTable::with_capacity(count);
        for at in 0..count {
            let key = text(at);
            let same = |other: &u32| text(*other as usize) == key;
            match table.entry(hasher.hash_one(key), same, |other| hasher.hash_one(text(*other as usize))) {
                hashbrown::hash_table::Entry::Occupied(_) => return Err(at),
                // No list that fits in memory has more texts than 32 bits count.
                hashbrown::hash_table::Entry::Vacant(entry) => entry.insert(at as u32),
            };
        }
        Ok(Self { table, hasher })
    }

    /// The number of a text.
    pub(super) fn find<'t>(&self, key: &str, text: impl Fn(usize) -> &'t str) -> Option<usize> {
        let same = |other: &u32| text(*other as usize) == key;
        self.table.find(self.hasher.hash_one(key), same).map(|at| *at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_and_a_second_one_named() {
        let texts: Vec<String> = (0..1000).map(|n| format!("T{n}")).collect();
        let text = |at: usize| texts[at].as_str();
        let lookup = Lookup::new(texts.len(), text).unwrap();
        assert!((0..1000).all(|at| lookup.find(text(at), text) == Some(at)));
        assert_eq!(lookup.find("T1000", text), None);
        let twice = ["a", "b", "a"];
        assert_eq!(Lookup::new(3, |at| twice[at]).unwrap_err(), 2);
    }
}
