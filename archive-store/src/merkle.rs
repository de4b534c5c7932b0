//! The Merkle tree of RFC 6962: one hash that stands for a whole list, and short proofs about it.
//!
//! ```
//! use archive_store::merkle::{Frontier, leaf_hash, verify_inclusion};
//!
//! let leaves = [leaf_hash(b"filed"), leaf_hash(b"confirmed")];
//! let mut tree = Frontier::default();
//! leaves.iter().for_each(|leaf| tree.push(*leaf));
//! // The second leaf's proof in a tree of two is the first leaf.
//! assert!(verify_inclusion(leaves[1], 1, 2, &[leaves[0]], tree.root()));
//! assert!(!verify_inclusion(leaves[0], 1, 2, &[leaves[0]], tree.root()));
//! ```
//!
//! Nothing here reads a catalogue, so that whoever holds a checkpoint can check a proof alone.
//!
//! Limits: SHA-256 alone.

use archive_core::record::Digest;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// The hash of a leaf's bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    // The prefixes keep a leaf from being taken for a node.
    Digest(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of the node above two others.
#[must_use]
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    Digest(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The right edge of a tree: all that is needed to append to it and to know its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, the largest first: one for each bit of the size.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Digest) {
        self.push_noting(leaf, |_, _, _| {});
    }

    /// Appends a leaf and tells level, position and hash of each complete subtree above it that it
    /// completes.
    pub fn push_noting(&mut self, leaf: Digest, mut note: impl FnMut(u32, u64, Digest)) {
        let mut hash = leaf;
        for level in 0..self.size.trailing_ones() {
            // One bit of the size, one peak.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(left, hash);
            note(level + 1, self.size >> (level + 1), hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root hash; that of nothing where the tree is empty.
    #[must_use]
    pub fn root(&self) -> Digest {
        let joined = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        joined.unwrap_or_else(|| Digest(Sha256::digest([]).into()))
    }

    /// The frontier as bytes, to be read by [`Frontier::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// The frontier of a tree of `size` leaves; `None` where `bytes` cannot be one.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        (rest.is_empty() && peaks.len() == size.count_ones() as usize)
            .then(|| Self { size, peaks: peaks.iter().copied().map(Digest).collect() })
    }
}

/// Where the hashes of complete subtrees are found: level 0 holds the leaves' own.
pub trait Nodes {
    /// The hash of the complete subtree of `2^level` leaves that begins at leaf `position * 2^level`.
    ///
    /// # Errors
    /// The store's own, where the node cannot be read.
    fn node(&self, level: u32, position: u64) -> Result<Digest, Error>;
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The root of leaves `start..end`, where `start` begins a subtree large enough for them.
fn range_root(nodes: &dyn Nodes, start: u64, end: u64) -> Result<Digest, Error> {
    let n = end - start;
    if n.is_power_of_two() {
        return nodes.node(n.trailing_zeros(), start / n);
    }
    let middle = start + split(n);
    Ok(node_hash(range_root(nodes, start, middle)?, range_root(nodes, middle, end)?))
}

/// The proof that leaf `index` is in the tree of the first `size` leaves.
///
/// # Errors
/// `InvalidInput` where it is not; else those of `nodes`.
pub fn inclusion_proof(nodes: &dyn Nodes, index: u64, size: u64) -> Result<Vec<Digest>, Error> {
    if index >= size {
        return Err(Error::invalid(format!("log entry {index}"), format!("is not in a tree of {size}")));
    }
    let (mut start, mut end, mut proof) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of the first `old` leaves is the beginning of that of the first `new`.
///
/// # Errors
/// `InvalidInput` where `old` is larger than `new`; else those of `nodes`.
pub fn consistency_proof(nodes: &dyn Nodes, old: u64, new: u64) -> Result<Vec<Digest>, Error> {
    if old > new {
        return Err(Error::invalid(format!("log of {old} entries"), format!("is longer than one of {new}")));
    }
    let (mut start, mut end, mut proof, mut whole) = (0, new, Vec::new(), true);
    if old == 0 || old == new {
        return Ok(proof);
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
            whole = false;
        }
    }
    // Where the old tree is a complete subtree from the first leaf on, its root is known already.
    if !whole {
        proof.push(range_root(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with this `root`.
#[must_use]
pub fn verify_inclusion(leaf: Digest, index: u64, size: u64, proof: &[Digest], root: Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(*sibling, hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(hash, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `old` leaves with `old_root` is the beginning of the tree of
/// `new` leaves with `new_root`. The empty tree is the beginning of every one.
#[must_use]
pub fn verify_consistency(
    (old, old_root): (u64, Digest),
    (new, new_root): (u64, Digest),
    proof: &[Digest],
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && old_root == Frontier::default().root();
    }
    let mut path = proof.iter().copied();
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, old_hash);
            new_hash = node_hash(sibling, new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old_root && new_hash == new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The inputs and roots that Certificate Transparency's own tests use.
    const INPUTS: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The tree as the RFC defines it, without any shortcut.
    struct Plain(Vec<Digest>);

    fn plain_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest(Sha256::digest([]).into()),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(plain_root(left), plain_root(right))
            }
        }
    }

    impl Nodes for Plain {
        fn node(&self, level: u32, position: u64) -> Result<Digest, Error> {
            let width = 1_usize << level;
            let start = position as usize * width;
            Ok(plain_root(&self.0[start..start + width]))
        }
    }

    fn tree(size: usize) -> Plain {
        Plain((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let mut frontier = Frontier::default();
        for (size, expected) in ROOTS.iter().enumerate() {
            assert_eq!(frontier.root().to_string(), *expected, "{size} leaves");
            if let Some(input) = INPUTS.get(size) {
                frontier.push(leaf_hash(input));
            }
        }
    }

    #[test]
    fn the_proofs_are_those_of_certificate_transparency() {
        let nodes = Plain(INPUTS.iter().map(|input| leaf_hash(input)).collect());
        let text =
            |proof: Vec<Digest>| proof.iter().map(|d| d.to_string()[..8].to_owned()).collect::<Vec<_>>();
        assert_eq!(text(inclusion_proof(&nodes, 0, 8).unwrap()), ["96a296d2", "5f083f0a", "6b47aaf2"]);
        assert_eq!(text(inclusion_proof(&nodes, 5, 8).unwrap()), ["bc1a0643", "ca854ea1", "d37ee418"]);
        assert_eq!(text(inclusion_proof(&nodes, 2, 3).unwrap()), ["fac54203"]);
        assert_eq!(text(inclusion_proof(&nodes, 1, 5).unwrap()), ["6e340b9c", "5f083f0a", "bc1a0643"]);
        assert_eq!(text(consistency_proof(&nodes, 1, 8).unwrap()), ["96a296d2", "5f083f0a", "6b47aaf2"]);
        assert_eq!(text(consistency_proof(&nodes, 6, 8).unwrap()), ["0ebc5d34", "ca854ea1", "d37ee418"]);
        assert_eq!(text(consistency_proof(&nodes, 2, 5).unwrap()), ["5f083f0a", "bc1a0643"]);
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_no_other() {
        let nodes = tree(20);
        let root = |size: u64| plain_root(&nodes.0[..size as usize]);
        for size in 1..=19 {
            for index in 0..size {
                let proof = inclusion_proof(&nodes, index, size).unwrap();
                let leaf = nodes.0[index as usize];
                assert!(verify_inclusion(leaf, index, size, &proof, root(size)));
                for other in 0..=size {
                    let same = other == index;
                    assert_eq!(verify_inclusion(leaf, other, size, &proof, root(size)), same);
                }
                assert!(
                    !verify_inclusion(leaf, index, size, &proof[1.min(proof.len())..], root(size))
                        || size == 1
                );
                assert!(!verify_inclusion(
                    leaf,
                    index,
                    size,
                    &[proof.clone(), vec![leaf]].concat(),
                    root(size)
                ));
            }
            for old in 0..=size {
                let proof = consistency_proof(&nodes, old, size).unwrap();
                assert!(verify_consistency((old, root(old)), (size, root(size)), &proof), "{old} in {size}");
                let wrong_old = root(old + 1);
                assert!(!verify_consistency((old, wrong_old), (size, root(size)), &proof));
                let wrong_new = root(size - 1);
                let accepted = verify_consistency((old, root(old)), (size, wrong_new), &proof);
                assert_eq!(accepted, old == 0, "{old} in {size}");
            }
        }
        assert!(inclusion_proof(&nodes, 3, 3).is_err());
        assert!(consistency_proof(&nodes, 4, 3).is_err());
    }

    proptest! {
        #[test]
        fn a_frontier_has_the_root_of_the_plain_tree(size in 0_usize..600) {
            let nodes = tree(size);
            let mut frontier = Frontier::default();
            for leaf in &nodes.0 {
                let position = frontier.size();
                let mut noted = Vec::new();
                frontier.push_noting(*leaf, |level, at, hash| noted.push((level, at, hash)));
                for (level, at, hash) in noted {
                    prop_assert_eq!((position + 1) >> level, at + 1);
                    prop_assert_eq!(nodes.node(level, at).unwrap(), hash);
                }
            }
            prop_assert_eq!(frontier.root(), plain_root(&nodes.0));
            let bytes = frontier.to_bytes();
            prop_assert_eq!(Frontier::from_bytes(frontier.size(), &bytes), Some(frontier));
        }

        #[test]
        fn hostile_proofs_are_answered(index: u64, size: u64, seeds in prop::collection::vec(any::<[u8; 32]>(), 0..80)) {
            let proof: Vec<Digest> = seeds.into_iter().map(Digest).collect();
            let root = Digest([3; 32]);
            prop_assert!(!verify_inclusion(Digest([1; 32]), index, size, &proof, root));
            prop_assert!(!verify_consistency((index, Digest([1; 32])), (size, root), &proof));
        }
    }
}
