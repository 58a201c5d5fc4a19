//! Tests over several rooms, over the whole pipeline, and over the program. Laws of one room stand beside it in `src`.

#![allow(unreachable_pub, reason = "what is public in a module here is so for its neighbours")]

#[path = "../benches/corpus/mod.rs"]
mod corpus;
mod util;

mod boilerplate;
mod browser;
mod command;
mod containers;
mod dedup;
mod determinism;
mod evaluate;
mod find;
mod formats;
mod fuzzing;
mod guarantees;
mod hostile;
mod house;
mod input;
mod oracle;
mod passages;
mod readme;
mod report;
mod samples;
mod sought;
mod unattended;
