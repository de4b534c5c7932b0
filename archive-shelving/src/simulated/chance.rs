//! A small seeded generator (SplitMix64), so that every run of a simulation can be repeated.

/// Not for secrets: whoever knows one output knows all that follow.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what a double can hold.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Roughly normal: the sum of uniforms, which has no far tail to surprise a test.
    pub(crate) fn around(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.unit()).sum();
        mean + (sum - 6.0) * deviation
    }

    /// Beta(a, b) by Jöhnk's method, good for small parameters.
    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        loop {
            let x = self.unit().powf(1.0 / a);
            let y = self.unit().powf(1.0 / b);
            if x + y <= 1.0 && x + y > 0.0 {
                return x / (x + y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_output_is_the_published_one() {
        assert_eq!(Chance::new(0).next_u64(), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn beta_has_its_mean() {
        let mut chance = Chance::new(7);
        let mean = (0..4000).map(|_| chance.beta(1.3, 0.7)).sum::<f64>() / 4000.0;
        assert!((mean - 0.65).abs() < 0.02, "{mean}");
    }
}
