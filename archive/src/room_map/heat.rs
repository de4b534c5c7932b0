//! 调阅热度: numbers of loans in classes, as many as people tell apart.

/// Classes of heat by the most that there is. Each class reaches about as many times further as the one before: a few boxes are
/// fetched most of the times, and a scale of equal steps would show nothing but those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeatScale {
    /// The last number of each class.
    ends: [u64; Self::CLASSES],
}

impl HeatScale {
    /// How many classes there are besides that of nothing.
    pub(crate) const CLASSES: usize = 5;

    pub(crate) fn up_to(most: u64) -> Self {
        let mut ends = [most; Self::CLASSES];
        for (class, end) in (1_i32..).zip(ends.iter_mut().take(Self::CLASSES - 1)) {
            // Rounded down, so that no number stands in two classes.
            *end = (1.0 + most as f64).powf(f64::from(class) / Self::CLASSES as f64) as u64 - 1;
        }
        Self { ends }
    }

    /// The class of a number of loans: 0 for none, then 1 to 5, the hottest.
    pub(crate) fn class(&self, loans: u64) -> u8 {
        let below = self.ends.iter().take(Self::CLASSES - 1).filter(|end| loans > **end).count();
        if loans == 0 { 0 } else { u8::try_from(below + 1).unwrap_or(u8::MAX) }
    }

    /// The classes that hold a number, with their first and last ones.
    pub(crate) fn classes(&self) -> Vec<(u8, u64, u64)> {
        let begins = std::iter::once(1).chain(self.ends.iter().map(|end| end + 1));
        let all = (1_u8..).zip(begins).zip(self.ends).map(|((class, first), last)| (class, first, last));
        all.filter(|(_, first, last)| first <= last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_class_and_the_most_has_the_last() {
        for most in [0, 1, 2, 3, 7, 50, 1000, 1 << 40] {
            let scale = HeatScale::up_to(most);
            let classes = scale.classes();
            for pair in classes.windows(2) {
                assert_eq!(pair[0].2 + 1, pair[1].1, "{most}: {classes:?}");
            }
            for (class, first, last) in &classes {
                assert_eq!(
                    (scale.class(*first), scale.class(*last)),
                    (*class, *class),
                    "{most}: {classes:?}"
                );
            }
            assert_eq!(scale.class(0), 0);
            assert_eq!(scale.class(most), if most == 0 { 0 } else { 5 }, "{most}");
            assert_eq!(classes.first().map(|c| c.1), (most > 0).then_some(1), "{most}");
        }
        let fifty = [(1, 1, 1), (2, 2, 3), (3, 4, 9), (4, 10, 22), (5, 23, 50)];
        assert_eq!(HeatScale::up_to(50).classes(), fifty);
    }
}
