//! What a list's money rests on is said where it is read, and where it is read with something else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::server::{Server, agent};
use crate::support::{command, done, folder, run, shop, store_like_the_shops};

const OFFERS: &str = "[[offer]]\nname = \"call\"\ncontact_cost = 3.0\nincentive = 5.0\nsave_rate = 0.3\n\
                      save_rate_sd = 0.1\ntake_up = 0.2\ndriven_away = 0.0\n";
const ASSUMED: &str = "the amounts rest on the built-in offers, whose save rates and costs are assumptions";
const OTHERS: &str = "other offers than the built-in ones decided the list";

/// What a command that succeeds prints, and says beside it.
fn both(arguments: &str) -> (String, String) {
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "mainstay {arguments}\n{said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

#[test]
fn built_in_offers_are_said_to_be_assumed() {
    let store = shop().store.display();
    for arguments in [format!("list --store {store}"), format!("plan --store {store}")] {
        assert!(both(&arguments).1.contains(ASSUMED), "{arguments}");
    }
    let folder = folder();
    let own = folder.path().join("store");
    store_like_the_shops(&own);
    let (input, out) = (shop().input(), folder.path().join("out.csv"));
    let score = format!("score {input} --store {} --out {}", own.display(), out.display());
    assert!(both(&score).1.contains(ASSUMED));
    let plan = both(&format!("plan --store {store} --json"));
    let plan: Value = serde_json::from_str(&plan.0).unwrap();
    assert_eq!(plan["list_had_other_offers"], false);
    let plan = both(&format!("plan --scores {} --json", shop().scores.display()));
    let plan: Value = serde_json::from_str(&plan.0).unwrap();
    assert_eq!(plan["list_had_other_offers"], Value::Null, "CSV does not tell");
}

#[test]
fn who_reads_a_list_with_other_offers_or_another_margin_is_told() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (store, offers) = (at("store"), at("offers.toml"));
    fs::write(&offers, OFFERS).unwrap();
    store_like_the_shops(folder.path().join("store").as_path());
    let own = format!("--offers {offers}");
    let (_, said) = both(&format!(
        "score {} --store {store} {own} --margin 0.5 --out {}",
        shop().input(),
        at("scores.parquet")
    ));
    assert!(!said.contains(ASSUMED), "{said}");

    for list in [format!("--store {store}"), format!("--scores {}", at("scores.parquet"))] {
        for command in [
            format!("plan {list} --budget 50"),
            format!("list {list}"),
            format!("offers ledger {list} --out {}", at("ledger.csv")),
        ] {
            let (_, said) = both(&command);
            assert!(said.contains(OTHERS) && !said.contains(ASSUMED), "{command}: {said}");
            let (_, said) = both(&format!("{command} {own}"));
            assert!(!said.contains("decided the list") && !said.contains(ASSUMED), "{command}: {said}");
        }
    }
    let plan = |flags: &str| -> Value {
        serde_json::from_str(&done(&format!("plan --store {store} --json {flags}"))).unwrap()
    };
    assert_eq!(plan("")["list_had_other_offers"], true);
    assert_eq!(plan(&own)["list_had_other_offers"], false);

    for (flags, told) in [
        ("", Some("decided by other offers, a margin of 0.5 instead of 0.3: ")),
        (
            "--margin 0.5 --discount 0.2",
            Some("decided by other offers, a yearly discount of 0.1 instead of 0.2: "),
        ),
        ("same", None),
    ] {
        let flags = if flags == "same" { format!("{own} --margin 0.5") } else { flags.to_owned() };
        let serve = format!("serve --store {store} --listen 127.0.0.1:0 --log text {flags}");
        let mut server = command(&serve).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let lines = lines.map(Result::unwrap).skip_while(|line| !line.contains("answers on http://"));
        let mut lines = lines.skip(1);
        let said = told.map(|told| (lines.next().unwrap(), told));
        server.kill().unwrap();
        server.wait().unwrap();
        match said {
            Some((line, told)) => assert!(line.contains(told), "{flags}: {line}"),
            None => assert_eq!(lines.next(), None),
        }
    }
}

#[test]
fn a_table_says_which_model_it_is_by_and_how_old_it_is() {
    let store = shop().store.display();
    let (table, said) = both(&format!("list --store {store} --top 3"));
    assert_eq!(table.lines().count(), 4, "the table is as it was");
    let line = said.lines().find(|line| line.starts_with("as of ")).unwrap();
    let model = done(&format!("models list --store {store}"));
    let name = line.split(" by ").nth(1).unwrap().split(',').next().unwrap();
    assert!(model.contains(name) && line.ends_with(" days ago"), "{line}\n{model}");
    for flags in ["--format json", "--format csv"] {
        assert!(!both(&format!("list --store {store} {flags}")).1.contains("days ago"), "{flags}");
    }
}

/// Sixty customers are too few for a model: every list says that the simple rule decided it, as scripts read it too.
#[test]
fn where_the_rule_decided_every_list_says_so() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    done(&format!("simulate --customers 60 --seed 3 --out {}", at("tiny")));
    let (store, input) = (at("store"), format!("--purchases {}", at("tiny/purchases.parquet")));
    done(&format!("train {input} --horizon 90d --lookback 180d --store {store}"));
    done(&format!("score {input} --store {store} --out {}", at("scores.parquet")));

    let by_model = shop().store.display();
    let why = ": use the rule";
    for (command, flags) in [
        ("list --top 3", ""),
        ("list --format json", ""),
        ("plan", ""),
        ("winback", "input"),
        ("offers ledger", "out"),
    ] {
        let with = |store: &str, input: &str| match flags {
            "input" => both(&format!("{command} {input} --store {store}")).1,
            "out" => both(&format!("{command} --store {store} --out {}", at("ledger.csv"))).1,
            _ => both(&format!("{command} --store {store}")).1,
        };
        let said = with(&store, &input);
        assert!(said.contains("the list is by rule-") && said.contains(why), "{command}: {said}");
        let said = with(&by_model.to_string(), &shop().input());
        assert!(!said.contains("the list is by"), "{command}: {said}");
    }
    let (_, said) = both(&format!("list --scores {}", at("scores.parquet")));
    assert!(said.contains("the list is by rule-"), "the file tells it itself: {said}");
    let plan: Value = serde_json::from_str(&done(&format!("plan --store {store} --json"))).unwrap();
    assert!(plan["model"].as_str().unwrap().starts_with("rule-"), "{plan}");
    assert!(plan["verdict"].as_str().unwrap().ends_with(why), "{plan}");

    let server = Server::start(&store);
    for accept in ["application/json", "text/csv"] {
        let request = agent().get(format!("http://{}/v1/at-risk", server.address)).header("accept", accept);
        let answer = request.call().unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap();
        assert_eq!(header("mainstay-model"), plan["model"]);
        assert_eq!(header("mainstay-verdict"), plan["verdict"]);
    }
}

#[test]
fn a_file_without_offers_is_said_to_have_none() {
    const NONE: &str = "none.toml has no offers: nothing but \"do nothing\" can be recommended";
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("none.toml"), "# to be written\n").unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let (offers, store) = (at("none.toml"), at("store"));
    let (checked, said) = both(&format!("offers check {offers}"));
    assert!(checked.contains("0 offers, and doing nothing") && said.contains(NONE), "{said}");
    let score =
        format!("score {} --store {store} --offers {offers} --out {}", shop().input(), at("scores.csv"));
    assert!(both(&score).1.contains(NONE));
    for command in ["list", "plan"] {
        let (shown, said) = both(&format!("{command} --store {store} --offers {offers}"));
        assert!(said.contains(NONE), "{command}: {said}");
        assert!(command == "list" || !shown.contains("do nothing"), "a plan has who gets an offer: {shown}");
    }
}
