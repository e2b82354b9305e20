use super::*;

#[test]
fn every_route_is_in_the_contract_and_the_reverse() {
    let document = document();
    let mut documented: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
        })
        .collect();
    let mut routes: Vec<String> = super::super::declared().iter().map(ToString::to_string).collect();
    documented.sort();
    routes.sort();
    assert_eq!(documented, routes);
}
