//! The console as those who ask see it: what it answers, and what it does not do for whom.

mod answers;
mod command;
mod described;
mod drawing;
mod gate;
mod hostile;
#[path = "../custody/scene.rs"]
#[allow(dead_code, reason = "the scene is shared with other tests, which use all of it")]
mod scene;
mod served;
