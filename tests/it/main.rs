//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

mod config_file;
mod given;
mod prometheus_asking;
mod prometheus_odd;
mod prometheus_peer;
mod split;
