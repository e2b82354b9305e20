//! Lifetime values that know the season: the server's are those of the list, to the last bit.

use serde_json::json;

use crate::server::Server;
use crate::support::{csv, done, folder, number};

#[test]
fn the_server_heeds_the_time_of_year_as_the_list_does() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    done(&format!(
        "simulate --customers 4000 --seed 5 --begin 2018-01-01 --end 2020-01-01 --out {}",
        at("shop")
    ));
    let (purchases, store) = (at("shop/purchases.parquet"), at("store"));
    done(&format!("ingest --purchases {purchases} --store {store}"));
    let told = done(&format!("train --store {store} --horizon 90d"));
    assert!(told.contains("purchases go with the season"), "{told}");
    let server = Server::start(&store);
    let mut values = Vec::new();
    for as_of in ["2019-07-01", "2020-01-01"] {
        done(&format!("score --store {store} --as-of {as_of} --out {}", at("scores.csv")));
        let rows = csv(&folder.path().join("scores.csv"));
        for row in rows.iter().take(30) {
            let (status, score) = server.score(&json!({"customer_id": row["customer_id"], "as_of": as_of}));
            assert_eq!(status, 200, "{score}");
            let lifetime_value = score["lifetime_value"].as_f64().unwrap();
            assert_eq!(lifetime_value.to_bits(), number(row, "lifetime_value").to_bits(), "{row:?}");
        }
        // The same numbers at another time of the year are another customer; at none they are in between.
        let features = json!({"recency_days": 40, "frequency": 3, "monetary": 20.0, "complaint_count": 0, "tenure_days": 150});
        let (_, score) = server.score(&json!({"features": features, "as_of": as_of}));
        values.push(score["lifetime_value"].as_f64().unwrap());
        let (_, score) = server.score(&json!({"features": features}));
        values.push(score["lifetime_value"].as_f64().unwrap());
    }
    let [summer, of_no_day, winter, again] = values[..] else { panic!("{values:?}") };
    assert!(summer > of_no_day && of_no_day > winter && of_no_day == again, "{values:?}");
}
