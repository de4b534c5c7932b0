//! The look of a page: a fingerprint that the same page keeps when it is scanned or encoded again.
//!
//! ```
//! use archive::capture::Look;
//!
//! let page: Vec<u8> = (0..320 * 200).map(|i| if (i / 7) % 11 < 4 { 30 } else { 220 }).collect();
//! let brighter: Vec<u8> = page.iter().map(|p| p.saturating_add(20)).collect();
//! let (one, other) = (Look::of(320, 200, &page), Look::of(320, 200, &brighter));
//! assert!(one.distance(other) < Look::SAME);
//! ```
//!
//! It is a difference hash: the page is shrunk to 17 × 32 means, and each bit says whether a mean is
//! darker than its right neighbour by more than noise. Two filled forms of one template look nearly alike
//! from afar, so the grid is fine and the bound is narrow: a likeness is a hint for a person.

use std::fmt;
use std::str::FromStr;

use archive_core::Error;
use archive_core::identifier::quoted;
use serde::{Deserialize, Serialize};

const COLUMNS: usize = 16;
const ROWS: usize = 32;
const WORDS: usize = COLUMNS * ROWS / 64;

/// The look of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Look([u64; WORDS]);

impl Look {
    /// Two pages whose looks differ in fewer bits than this, of 512, are likely one page.
    pub const SAME: u32 = 40;

    /// The look of a page of `width` × `height` brightnesses, row by row.
    ///
    /// # Panics
    /// Where `plane` has fewer values than the page has pixels.
    #[must_use]
    pub fn of(width: u32, height: u32, plane: &[u8]) -> Self {
        let (width, height) = (width as usize, height as usize);
        assert!(plane.len() >= width * height, "one brightness a pixel");
        let means: Vec<[u32; COLUMNS + 1]> = (0..ROWS)
            .map(|row| {
                let top = row * height / ROWS;
                let bottom = ((row + 1) * height / ROWS).max(top + 1).min(height.max(1));
                std::array::from_fn(|column| {
                    let left = column * width / (COLUMNS + 1);
                    let right = ((column + 1) * width / (COLUMNS + 1)).max(left + 1).min(width.max(1));
                    let rows = (top..bottom).map(|y| &plane[y * width + left..y * width + right]);
                    let sum: u64 = rows.map(|part| part.iter().map(|p| u64::from(*p)).sum::<u64>()).sum();
                    let count = ((bottom - top) * (right - left)).max(1) as u64;
                    // Sixteenths of a step of brightness.
                    u32::try_from(sum * 16 / count).unwrap_or(u32::MAX)
                })
            })
            .collect();
        let mut bits = [0_u64; WORDS];
        let pairs = means.iter().flat_map(|row| row.windows(2));
        for (index, pair) in pairs.enumerate() {
            // Blank paper differs by noise alone: less than two steps say nothing.
            if pair[0] + 32 < pair[1] {
                bits[index / 64] |= 1 << (index % 64);
            }
        }
        Self(bits)
    }

    /// In how many of 512 bits two looks differ.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl FromStr for Look {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid(format!("look {}", quoted(text)), "is not 128 hexadecimal digits");
        if text.len() != WORDS * 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = u64::from_str_radix(&text[index * 16..][..16], 16).map_err(|_| wrong())?;
        }
        Ok(Self(words))
    }
}

impl TryFrom<String> for Look {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Look> for String {
    fn from(look: Look) -> Self {
        look.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::imageops::FilterType;

    fn look_of(image: &image::GrayImage) -> Look {
        Look::of(image.width(), image.height(), image.as_raw())
    }

    #[test]
    fn a_page_keeps_its_look_and_others_have_another() {
        let scans: Vec<image::GrayImage> = crate::samples::FILES
            .iter()
            .filter(|(name, _)| name.ends_with(".jpg"))
            .map(|(_, bytes)| image::load_from_memory(bytes).unwrap().to_luma8())
            .collect();
        for scan in &scans {
            let smaller = image::imageops::resize(
                scan,
                scan.width() * 2 / 3,
                scan.height() * 2 / 3,
                FilterType::Triangle,
            );
            let mut darker = scan.clone();
            darker.pixels_mut().for_each(|p| p.0[0] = p.0[0].saturating_sub(15));
            for again in [&smaller, &darker] {
                let distance = look_of(scan).distance(look_of(again));
                assert!(distance < Look::SAME, "{distance} bits between a page and its copy");
            }
        }
        for (index, one) in scans.iter().enumerate() {
            for other in &scans[index + 1..] {
                let distance = look_of(one).distance(look_of(other));
                assert!(distance >= 2 * Look::SAME, "{distance} bits between two pages");
            }
        }
    }

    #[test]
    fn looks_read_back_and_tiny_pages_have_one() {
        let look = Look::of(1, 1, &[7]);
        assert_eq!(look.to_string().parse::<Look>().unwrap(), look);
        assert!("00".parse::<Look>().is_err());
        assert!("é".repeat(64).parse::<Look>().is_err());
    }
}
