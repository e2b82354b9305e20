//! What routes have in common, from how they are declared.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::Ref;
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};

use crate::api::problem::MEDIA_TYPE;
use crate::api::routes::{Declared, Needs, declared};
use crate::failure::Kind;
use crate::state::keys::Scope;

/// What the guard answers to any request.
const ANY: &[Kind] = &[
    Kind::Usage,
    Kind::MethodNotAllowed,
    Kind::LongAddress,
    Kind::Misdirected,
    Kind::LargeHeaders,
    Kind::Internal,
    Kind::Busy,
];
/// What it answers where a key is needed.
const KEYED: &[Kind] = &[Kind::NoKey, Kind::WrongScope, Kind::TooOften];
/// What it answers where there is a body.
const WITH_BODY: &[Kind] = &[Kind::TooSlow, Kind::TooLarge, Kind::MediaType];

/// The answers to kinds of failure, by their status.
pub(in crate::api) fn answers<Body: ToSchema>(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut titles: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for told in kinds.iter().map(|kind| kind.told()) {
        titles.entry(told.status).or_default().push(format!("`{}`: {}", told.slug, told.title));
    }
    let answer = |titles: Vec<String>| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Body::name()))).build();
        ResponseBuilder::new().description(titles.join("; ")).content(MEDIA_TYPE, content).build().into()
    };
    titles.into_iter().map(|(status, titles)| (status.to_string(), answer(titles))).collect()
}

/// Adds it to a document.
pub(super) fn add(document: &mut Value) {
    let components = &mut document["components"];
    components["responses"] = [ANY, KEYED, WITH_BODY].concat().into_iter().map(refusal).collect();
    components["headers"] = json!({
        "RequestId": {"description": "What the log calls the request.", "schema": {"type": "string", "maxLength": 64}},
        "Replayed": {
            "description": "That the answer is the one of an earlier request with the same `Idempotency-Key`.",
            "schema": {"type": "string", "enum": ["true"]},
        },
    });
    components["parameters"] = json!({"IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name for the request, so that it can be sent again: for a day, the same request is answered as \
                        it was the first time, and does nothing.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    }});
    let scopes = Scope::ALL.map(Scope::name).join("`, `");
    components["securitySchemes"] = json!({"key": {
        "type": "http",
        "scheme": "bearer",
        "description": format!("A key, made by `mainstay keys create`. Its scopes are some of `{scopes}`."),
    }});
    for route in declared() {
        let method = route.method.as_str().to_ascii_lowercase();
        if let Some(operation) = document.pointer_mut(&pointer(&route, &method)) {
            complete(operation, &route);
        }
    }
}

fn pointer(route: &Declared, method: &str) -> String {
    format!("/paths/{}/{method}", route.path.replace('~', "~0").replace('/', "~1"))
}

/// An answer of the guard, as a component.
fn refusal(kind: Kind) -> (String, Value) {
    let told = kind.told();
    let mut headers = json!({"x-request-id": {"$ref": "#/components/headers/RequestId"}});
    let mut add = |name: &str, about: &str| {
        headers[name] = json!({"description": about, "schema": {"type": "string"}});
    };
    match kind {
        Kind::Busy | Kind::TooOften => add("retry-after", "After how many seconds to try again."),
        Kind::NoKey => add("www-authenticate", "`Bearer`."),
        Kind::MethodNotAllowed => add("allow", "The methods that the route takes."),
        _ => {}
    }
    let answer = json!({
        "description": format!("`{}`: {}", told.slug, told.title),
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    (told.slug.to_owned(), answer)
}

/// Adds to an operation what its route's declaration says.
fn complete(operation: &mut Value, route: &Declared) {
    let scopes: &[&str] = match route.needs {
        Needs::Key(scope) => &[scope.name()],
        Needs::Nothing | Needs::AnyKey => &[],
    };
    let is_open = route.needs == Needs::Nothing;
    operation["security"] = if is_open { json!([]) } else { json!([{"key": scopes}]) };
    let has_body = operation.get("requestBody").is_some();
    let kinds = [ANY, if is_open { &[] } else { KEYED }, if has_body { WITH_BODY } else { &[] }].concat();
    if let Some(Value::Object(answers)) = operation.get_mut("responses") {
        for answer in answers.values_mut() {
            answer["headers"]["x-request-id"] = json!({"$ref": "#/components/headers/RequestId"});
        }
        if route.writes {
            answers["200"]["headers"]["idempotent-replayed"] =
                json!({"$ref": "#/components/headers/Replayed"});
        }
        for told in kinds.iter().map(|kind| kind.told()) {
            let answer = json!({"$ref": format!("#/components/responses/{}", told.slug)});
            answers.entry(told.status.to_string()).or_insert(answer);
        }
        answers.sort_keys();
    }
    if route.writes {
        let key = json!({"$ref": "#/components/parameters/IdempotencyKey"});
        match &mut operation["parameters"] {
            Value::Array(parameters) => parameters.push(key),
            none => *none = json!([key]),
        }
    }
}
