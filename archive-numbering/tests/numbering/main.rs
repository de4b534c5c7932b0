//! The crate's public face, against second opinions.

mod brute_force;
mod faulty;
mod hostile;
mod oracles;
mod random_rules;
mod renumbering;
mod shipped;
mod wide_rules;
