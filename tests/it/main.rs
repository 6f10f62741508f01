//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

mod changes;
mod given;
mod split;
mod states;
mod transition;
