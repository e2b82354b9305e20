//! A running server, and how tests ask it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::{command, shop};

/// A running server; killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// That of the small shop.
    pub(crate) fn of_shop() -> Self {
        Self::start(&shop().store.display().to_string())
    }

    pub(crate) fn start(store: &str) -> Self {
        Self::start_with(store, "")
    }

    /// A server with more flags.
    pub(crate) fn start_with(store: &str, flags: &str) -> Self {
        let listen = if flags.contains("--listen") { "" } else { "--listen 127.0.0.1:0" };
        let mut process = command(&format!("serve --store {store} {listen} {flags}"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
        Self { process, address }
    }

    /// Status, content type and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String, Value) {
        answer(agent().get(format!("http://{}{path}", self.address)).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> (u16, String, Value) {
        let request = agent().post(format!("http://{}{path}", self.address));
        answer(request.header("content-type", "application/json").send(body).unwrap())
    }

    /// Status, the headers' `Link`, content type and body as text.
    pub(crate) fn get_as(&self, path: &str, accept: &str) -> (u16, Option<String>, String, String) {
        let request = agent().get(format!("http://{}{path}", self.address)).header("accept", accept);
        let mut response = request.call().unwrap();
        let header = |name: &str| Some(response.headers().get(name)?.to_str().unwrap().to_owned());
        let (link, content_type) = (header("link"), header("content-type").unwrap());
        (response.status().as_u16(), link, content_type, response.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn score(&self, body: &Value) -> (u16, Value) {
        let (status, _, answer) = self.post("/v1/score", body.to_string().as_bytes());
        (status, answer)
    }

    /// How much of the machine's memory it has.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Sends SIGTERM.
    pub(crate) fn signal(&self) {
        let pid = self.process.id().to_string();
        assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        self.signal();
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

pub(crate) fn answer(mut response: ureq::http::Response<ureq::Body>) -> (u16, String, Value) {
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), content_type, serde_json::from_str(&body).unwrap())
}

/// The rows of a file of the small shop, split at commas.
pub(crate) fn lines(path: &std::path::Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The request for a customer of the small shop, rows in an order of their own.
pub(crate) fn request(customer: &str, as_of: &str) -> Value {
    let own = |path| lines(path).into_iter().filter(|row| row[0] == customer).rev().collect::<Vec<_>>();
    let purchases: Vec<Value> = own(&shop().purchases)
        .iter()
        .map(|row| json!({"order_id": row[1], "ts": row[2], "amount": row[3].parse::<f64>().unwrap()}))
        .collect();
    let complaints: Vec<Value> = own(&shop().complaints).iter().map(|row| json!({"ts": row[1]})).collect();
    json!({"customer_id": customer, "as_of": as_of, "purchases": purchases, "complaints": complaints})
}

/// The features behind an answer, as a request gives them.
pub(crate) fn features_of(score: &Value) -> Value {
    let reasons = score["reasons"].as_array().unwrap().iter();
    reasons
        .filter(|reason| reason["feature"] != "expected_purchases")
        .map(|reason| (reason["feature"].as_str().unwrap().to_owned(), reason["value"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What kind of problem a problem document is of.
pub(crate) fn slug(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().rsplit(':').next().unwrap()
}
