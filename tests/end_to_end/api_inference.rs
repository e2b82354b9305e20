//! The Open Inference Protocol: what clients of KServe and Triton send and read.

use serde_json::{Value, json};

use crate::server::{Server, agent, features_of, lines, request};
use crate::support::shop;

/// Some listed customers' rows of features, with what the API's own route says of each.
fn customers(server: &Server) -> (Vec<String>, Vec<Vec<Value>>, Vec<Value>) {
    let list = lines(&shop().scores);
    let scores: Vec<Value> =
        list.iter().step_by(20).map(|row| server.score(&request(&row[0], &row[1])).1).collect();
    let (_, _, model) = server.get("/v2/models/mainstay");
    let names: Vec<String> = serde_json::from_value(model["parameters"]["features"].clone()).unwrap();
    let row = |score: &Value| {
        let features = features_of(score);
        names.iter().map(|name| features[name].clone()).collect::<Vec<Value>>()
    };
    let rows = scores.iter().map(row).collect();
    (names, rows, scores)
}

fn infer(server: &Server, body: &Value) -> (u16, Value) {
    let (status, _, answer) = server.post("/v2/models/mainstay/infer", body.to_string().as_bytes());
    (status, answer)
}

fn output<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let outputs = answer["outputs"].as_array().unwrap().iter();
    &outputs.clone().find(|output| output["name"] == name).unwrap()["data"]
}

fn bits(number: &Value) -> u64 {
    number.as_f64().unwrap().to_bits()
}

#[test]
fn the_server_and_its_model_describe_themselves() {
    let server = Server::of_shop();
    assert_eq!(server.get("/v2/health/live"), (200, "application/json".to_owned(), json!({"live": true})));
    assert_eq!(server.get("/v2/health/ready").2, json!({"ready": true}));
    assert_eq!(server.get("/v2").2["extensions"], json!(["binary_tensor_data"]));
    let (_, _, model) = server.get("/v2/models/mainstay");
    let version = model["versions"][0].as_str().unwrap();
    assert_eq!(server.get("/readyz").2["model"], version);
    assert_eq!(model["inputs"][0]["datatype"], "FP64");
    let width = model["parameters"]["features"].as_array().unwrap().len();
    assert_eq!(model["inputs"][0]["shape"], json!([-1, width]));
    assert_eq!(server.get(&format!("/v2/models/{version}/ready")).2, json!({"name": version, "ready": true}));
    let (status, content_type, problem) = server.get("/v2/models/resnet");
    assert_eq!((status, content_type.as_str()), (404, "application/problem+json"));
    assert_eq!(problem["type"], "urn:mainstay:problem:unknown-model");
    assert_eq!(problem["error"], problem["detail"], "what clients of the protocol read");
}

#[test]
fn every_form_of_the_tensors_gives_the_scores_bits() {
    let server = Server::of_shop();
    let (names, rows, scores) = customers(&server);
    let flat: Vec<Value> = rows.concat();
    let shape = [rows.len(), names.len()];
    let whole = |data: Value| json!({"id": "42", "inputs": [{"name": "features", "datatype": "FP64", "shape": shape, "data": data}]});
    let column = |place: usize| rows.iter().map(|row| row[place].clone()).collect::<Vec<Value>>();
    let apart: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(place, name)| json!({"name": name, "datatype": "FP64", "shape": [rows.len()], "data": column(place)}))
        .collect();
    for body in [whole(json!(flat)), whole(json!(rows)), json!({"id": "42", "inputs": apart})] {
        let (status, answer) = infer(&server, &body);
        assert_eq!(status, 200, "{answer}");
        assert_eq!((&answer["id"], &answer["model_name"]), (&json!("42"), &json!("mainstay")));
        assert_eq!(answer["model_version"], scores[0]["model"]);
        for name in ["churn_probability", "lifetime_value", "net_value"] {
            let said = output(&answer, name).as_array().unwrap();
            assert!(said.iter().zip(&scores).all(|(said, score)| bits(said) == bits(&score[name])), "{name}");
        }
        let actions = output(&answer, "action").as_array().unwrap();
        assert!(actions.iter().zip(&scores).all(|(action, score)| *action == score["action"]));
        assert_eq!(actions.len(), scores.len());
    }

    // As Triton's client sends it: the JSON, and the numbers behind it.
    let header = json!({"inputs": [{"name": "features", "datatype": "FP64", "shape": shape,
                                    "parameters": {"binary_data_size": flat.len() * 8}}],
                        "outputs": [{"name": "net_value", "parameters": {"binary_data": true}}]})
    .to_string();
    let numbers = flat.iter().flat_map(|number| number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
    let body: Vec<u8> = header.bytes().chain(numbers).collect();
    let request = agent()
        .post(format!("http://{}/v2/models/mainstay/infer", server.address))
        .header("content-type", "application/octet-stream")
        .header("inference-header-content-length", header.len().to_string());
    let mut response = request.send(&body[..]).unwrap();
    let answer: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(answer["outputs"].as_array().unwrap().len(), 1, "{answer}");
    let said = output(&answer, "net_value").as_array().unwrap();
    assert!(said.iter().zip(&scores).all(|(said, score)| bits(said) == bits(&score["net_value"])));
}

#[test]
fn tensors_that_cannot_be_are_refused_with_what_is_wrong() {
    let server = Server::of_shop();
    let (names, rows, _) = customers(&server);
    let width = names.len();
    let tensor = |shape: Value, data: Value| json!({"inputs": [{"name": "features", "datatype": "FP64", "shape": shape, "data": data}]});
    let sound = || tensor(json!([1, width]), json!(rows[0]));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = sound();
        change(&mut body);
        body
    };
    assert_eq!(infer(&server, &sound()).0, 200);
    let mut lapsed = rows[0].clone();
    (lapsed[0], lapsed[4]) = (json!(500), json!(500));
    for (body, detail) in [
        (json!({}), "missing field `inputs`"),
        (json!({"inputs": []}), "there is no row"),
        (tensor(json!([1]), json!([1])), "must be of the shape [n,"),
        (tensor(json!([1, 2]), json!([1, 2])), "has 2 columns, and the model sees"),
        (tensor(json!([2, width]), json!(rows[0])), "its shape says"),
        (tensor(json!([0, width]), json!([])), "there is no row"),
        (tensor(json!([u64::MAX, u64::MAX]), json!([1])), "its shape says"),
        (tensor(json!([-1, width]), json!(rows[0])), "invalid value"),
        (tensor(json!([1, width]), json!("text")), "data: an array of numbers"),
        (tensor(json!([2, width / 2]), json!(rows[0])), "has"),
        (changed(&|body| body["inputs"][0]["datatype"] = json!("BYTES")), "is of datatype \"BYTES\""),
        (changed(&|body| body["inputs"][0]["name"] = json!("INPUT0")), "\"INPUT0\" is neither"),
        (
            changed(&|body| body["inputs"][0]["data"] = Value::Null),
            "needs data, or parameters.binary_data_size",
        ),
        (
            changed(&|body| body["inputs"][0]["data"][0] = Value::Null),
            "row 0: recency_days: null, and it always has a value",
        ),
        (changed(&|body| body["outputs"] = json!([{"name": "probability"}])), "no output \"probability\""),
        (tensor(json!([1, width]), json!(lapsed)), "row 0: the last purchase was 500 days ago"),
        (
            json!({"inputs": [{"name": "recency_days", "datatype": "FP64", "shape": [1], "data": [5]}]}),
            "frequency is missing",
        ),
    ] {
        let (status, problem) = infer(&server, &body);
        assert_eq!(status, 422, "{body}: {problem}");
        assert!(problem["error"].as_str().unwrap().contains(detail), "{body}: {problem}");
    }
    for (length, body) in [("7", "{}"), ("x", "{}"), ("2", "{}12345678"), ("-1", "{}")] {
        let request = agent()
            .post(format!("http://{}/v2/models/mainstay/infer", server.address))
            .header("inference-header-content-length", length);
        let response = request.send(body.as_bytes()).unwrap();
        assert_eq!(response.status().as_u16(), 422, "{length}");
    }
}
