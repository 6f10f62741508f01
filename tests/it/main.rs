//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

mod api_crd;
mod given;
mod split;
