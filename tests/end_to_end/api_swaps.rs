//! Models promoted over the API: the next request is answered by the new one. Promise 22: of a hundred changes under load, no
//! request fails, and each is answered by one model.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::Client;
use crate::kept_shop::listed;
use crate::server::{Server, features_of, lines, request, slug};
use crate::support::{done, folder, json, shop};

const SWAPS: usize = 100;

#[test]
fn a_promoted_model_answers_the_next_request() {
    let folder = folder();
    let store = folder.path().join("store");
    let train = |seed: u32| {
        let (input, store) = (shop().input(), store.display());
        let flags = format!("--horizon 60d --lookback 180d --seed {seed} --promote --store {store} --json");
        let trained = json(&format!("train {input} {flags}"));
        trained["model"].as_str().unwrap().to_owned()
    };
    let (first, second) = (train(1), train(2));
    let server = Server::start(&store.display().to_string());
    let (row, as_of) = (&listed().0[0], listed().1);
    let answering = || server.score(&request(row, &as_of)).1["model"].as_str().unwrap().to_owned();
    assert_eq!(answering(), second);
    let (status, _, answer) = server.post(&format!("/v1/models/{first}/promote"), b"");
    assert_eq!((status, answer), (200, json!({"in_service": first})));
    assert_eq!(answering(), first);
    let (_, _, models) = server.get("/v1/models");
    let serving: Vec<&Value> =
        models["models"].as_array().unwrap().iter().filter(|model| model["in_service"] == true).collect();
    assert_eq!((serving.len(), &serving[0]["model"]), (1, &json!(first)));
    assert_eq!(models["history"].as_array().unwrap().last().unwrap()["change"], "promote");
    assert!(!models.to_string().contains("store"), "no path of the machine");
    for unknown in ["nothing", "..%2F..%2Fmodel.mainstay", &format!("{first}%00")] {
        let (status, _, problem) = server.post(&format!("/v1/models/{unknown}/promote"), b"");
        assert_eq!((status, slug(&problem)), (404, "unknown-model"), "{problem}");
    }
    assert_eq!(answering(), first);
}

#[test]
fn every_answer_is_of_the_model_it_names_while_models_change() {
    let folder = folder();
    let store = folder.path().join("store").display().to_string();
    done(&format!("ingest {} --store {store}", shop().input()));
    let models: Vec<String> = [45, 60]
        .map(|days| {
            let flags = format!("--horizon {days}d --lookback 180d --promote --store {store} --json");
            json(&format!("train {flags}"))["model"].as_str().unwrap().to_owned()
        })
        .into();
    let server = Server::start_with(&store, "--log off");
    let row = lines(&shop().scores).remove(0);
    let (_, score) = server.score(&request(&row[0], &row[1]));
    let one = json!({"features": features_of(&score)});
    let many = json!({"requests": vec![&one; 5]}).to_string();
    let promote = |model: &str| server.post(&format!("/v1/models/{model}/promote"), b"").0;
    // What each of both says.
    let said: Vec<(Value, Value)> = models
        .iter()
        .map(|model| {
            assert_eq!(promote(model), 200);
            let (_, score) = server.score(&one);
            assert_eq!(score["model"], model.as_str());
            (score["model"].clone(), score["churn_probability"].clone())
        })
        .collect();
    assert_ne!(said[0].1, said[1].1, "they can be told apart");

    let (stop, answered) = (AtomicBool::new(false), [AtomicU32::new(0), AtomicU32::new(0)]);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (said, stop, answered, server, one, many) = (&said, &stop, &answered, &server, &one, &many);
            scope.spawn(move || {
                let mut connection = Client::connect(&server.address).unwrap();
                let one = one.to_string();
                while !stop.load(Ordering::Relaxed) {
                    let (path, body) =
                        if client == 0 { ("/v1/score:batch", many) } else { ("/v1/score", &one) };
                    let answer = connection.post(path, body).expect("no connection is closed");
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    let scores: Vec<&Value> = match answer.body["results"].as_array() {
                        Some(results) => results.iter().map(|result| &result["score"]).collect(),
                        None => vec![&answer.body],
                    };
                    let by = said.iter().position(|(model, _)| *model == scores[0]["model"]).unwrap();
                    for score in scores {
                        let own = (score["model"].clone(), score["churn_probability"].clone());
                        assert_eq!(own, said[by], "of one model, which it names");
                    }
                    answered[by].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for swap in 0..SWAPS {
            assert_eq!(promote(&models[swap % 2]), 200);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let [first, second] = answered.map(AtomicU32::into_inner);
    assert!(first > 20 && second > 20, "{first} and {second}");
}
