//! The API, asked by programs of others: schemathesis and NVIDIA's client of the Open Inference Protocol. Skipped, saying so,
//! where Python has them not.

use std::process::Command;

use crate::server::Server;
use crate::support::{done, folder, python, shop, store_like_the_shops};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/independent");
/// How long schemathesis may try.
const SECONDS: &str = "90";

/// Runs a script, which must succeed, where there is a Python with what it needs.
#[allow(clippy::print_stderr, reason = "whoever runs the tests is told what was skipped")]
fn ask(script: &str, modules: &str, arguments: &[&str]) {
    match python(modules, "api_requirements.txt") {
        Err(lacks) => eprintln!("skipped: {lacks}"),
        Ok(python) => {
            let script = format!("{SCRIPTS}/{script}");
            let output = Command::new(python).arg(script).args(arguments).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            eprintln!("{}", said.trim_end().lines().last().unwrap_or_default());
        }
    }
}

#[test]
fn a_client_of_the_open_inference_protocol_reads_the_scores() {
    let server = Server::start(&shop().store.display().to_string());
    ask("api_inference.py", "numpy, tritonclient.http", &[&server.address]);
}

/// Promise 17: no 5xx for anything, and no answer that the contract has not.
#[test]
fn schemathesis_finds_no_answer_beside_the_contract() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let at = store.display().to_string();
    done(&format!("ingest {} --store {at}", shop().input()));
    done(&format!("score --store {at} --out {}", folder.path().join("out.csv").display()));
    let key = done(&format!("keys create --scope score,read,train,admin --store {at}"));
    let server = Server::start_with(&at, "--log off");
    ask("api_contract.py", "schemathesis", &[&server.address, key.trim(), SECONDS]);
}
