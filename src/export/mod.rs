//! What leaves the program as a file for a person's own tools.

pub mod csv;
