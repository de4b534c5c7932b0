//! A rectangle of brightness values, as engines take it.

/// A rectangle of brightness values from 0 (black) to 1 (white), row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Plane {
    /// A plane of `values`; `None` where their number is not `width` times `height`, or zero.
    #[must_use]
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Option<Self> {
        (!values.is_empty() && width.checked_mul(height) == Some(values.len())).then_some(Self {
            width,
            height,
            values,
        })
    }

    /// Values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_has_all_its_values() {
        assert!(Plane::new(2, 2, vec![0.0; 4]).is_some());
        assert!(Plane::new(2, 2, vec![0.0; 3]).is_none());
        assert!(Plane::new(0, 0, vec![]).is_none());
        assert!(Plane::new(usize::MAX, 2, vec![0.0; 2]).is_none());
    }
}
