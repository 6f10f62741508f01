//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

mod floors;
mod given;
mod split;
