//! The product as its users meet it: commands and HTTP, and the answers of others to hold it to.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod api;
mod api_clients;
mod api_contract;
mod api_core;
mod api_inference;
mod api_keys;
mod api_kills;
mod api_limits;
mod api_load;
mod api_problems;
mod api_resources;
mod api_slow_clients;
mod api_swaps;
mod architecture;
mod basis;
mod bombs;
mod broken_input;
mod check;
mod client;
mod commands;
mod contracts;
mod customers;
mod evening;
mod independent;
mod input;
mod kept;
mod list;
mod memory;
mod models;
mod nightly;
mod nightly_gates;
mod offers;
mod onnx;
mod partitions;
mod plan;
mod policy;
mod report;
mod same_bytes;
mod server;
mod support;
mod suppress;
mod winback;
