//! Do the writes of a state lead where it wants to be, and is every moment on the way safe?

mod beside;
mod fleet;
mod properties;
mod scripts;
