//! What one would use otherwise: a simple count, fixed windows, and SMURF's adaptive window.
//!
//! Each is told, pass by pass, in which aisles a tag was read and how strongly. None of them has a
//! third answer: a tag that they take to be nowhere is missing.

/// The reads of one tag in one pass: aisles, by number, and the strength there in dBm.
pub type Pass = Vec<(u32, i16)>;

/// Where a tag is taken to be; `None` where it is taken to be nowhere.
pub type Place = Option<u32>;

/// The aisle with the most passes that read it; of several, the strongest, then the first.
fn most(passes: &[Pass]) -> Place {
    let mut counts: Vec<(u32, u32, i32)> = Vec::new();
    for (aisle, dbm) in passes.iter().flatten() {
        match counts.iter_mut().find(|(known, ..)| known == aisle) {
            Some((_, count, sum)) => {
                *count += 1;
                *sum += i32::from(*dbm);
            }
            None => counts.push((*aisle, 1, i32::from(*dbm))),
        }
    }
    let best = counts.into_iter().max_by_key(|(aisle, count, sum)| {
        // The count is at least 1.
        (*count, *sum / *count as i32, std::cmp::Reverse(*aisle))
    });
    best.map(|(aisle, ..)| aisle)
}

/// Every read of this inventory counts the same.
#[must_use]
pub fn simple_count(passes: &[Pass]) -> Place {
    most(passes)
}

/// Only the last `width` passes count.
#[must_use]
pub fn fixed_window(passes: &[Pass], width: usize) -> Place {
    most(&passes[passes.len().saturating_sub(width)..])
}

/// SMURF (Jeffery, Garofalakis, Franklin: Adaptive Cleaning for RFID Data Streams, VLDB 2006), per tag.
///
/// The window is as long as it must be for a present tag to be read in it with probability 1 − δ, and is
/// halved where fewer reads came in than the read rate lets expect (two standard deviations). An epoch
/// is a pass. The rate is that of all epochs since the tag was first read, the best that a pass with one
/// reading can offer.
#[must_use]
pub fn smurf(passes: &[Pass]) -> Place {
    const DELTA: f64 = 0.05;
    let first = passes.iter().position(|pass| !pass.is_empty())?;
    let read = |range: std::ops::Range<usize>| passes[range].iter().filter(|p| !p.is_empty()).count() as f64;
    let mut width = 1_usize;
    for epoch in first..passes.len() {
        let end = epoch + 1;
        let rate = read(first..end) / (end - first) as f64;
        width = width.min(end - first).max(1);
        let size = width as f64;
        let inside = read(end - width..end);
        let complete = ((1.0 / DELTA).ln() / rate).ceil() as usize;
        let spread = (size * rate * (1.0 - rate)).sqrt();
        if complete > width {
            width = (width + 2).min(complete);
        } else if (inside - size * rate).abs() > 2.0 * spread && spread > 0.0 {
            width = (width / 2).max(1);
        }
    }
    fixed_window(passes, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_find_what_is_read_well() {
        let passes = vec![vec![(4, -55), (5, -70)], vec![(4, -54)], vec![(5, -69), (4, -55)]];
        assert_eq!(simple_count(&passes), Some(4));
        assert_eq!(fixed_window(&passes, 1), Some(4));
        assert_eq!(smurf(&passes), Some(4));
        assert_eq!(smurf(&[vec![], vec![]]), None);
    }
}
