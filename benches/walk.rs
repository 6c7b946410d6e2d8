//! Speed of one turn, one update, many updates.
fn main() {}
