//! `mainstay keys`: who may ask the score API.

use clap::{Args as ClapArgs, Subcommand};
use mainstay_features::units::{Days, Instant};
use serde_json::{Value, json};

use super::output;
use super::settings::StoreArgs;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::state::keys::{Key, PREFIX, Revoked, Scope, id_of};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key and print it: the only time it is shown; a server that runs knows it within a second
    Create(CreateArgs),
    /// Show which keys there are
    List(ListArgs),
    /// Take a key back: within a second it opens nothing
    Revoke(RevokeArgs),
}

#[derive(ClapArgs)]
struct CreateArgs {
    /// What it is for: score (ask for scores), read (lists, customers, models, measurements), metrics (measurements alone), train
    /// (send purchases and complaints), admin (choose the model in service)
    #[arg(long, value_name = "SCOPE", required = true, value_delimiter = ',')]
    scope: Vec<Scope>,
    /// For how long it is good [default: until it is revoked]
    #[arg(long, value_name = "DAYS")]
    expires: Option<Days>,
    /// Whose it is, for keys list
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(ClapArgs)]
struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(ClapArgs)]
struct RevokeArgs {
    /// The key's id, as keys list shows it, or the whole key
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Revoke(args) => revoke(args),
    }
}

fn create(args: &CreateArgs) -> Result<(), Failure> {
    let now = now();
    let expires = args.expires.map(|days| now.plus(days));
    let scopes = args.scope.iter().copied().collect();
    let state = Store::at(&args.store.store).state()?;
    let (key, secret) = state.create_key(&args.name, scopes, now, expires)?;
    if args.json {
        let mut about = about(&key, now);
        about["key"] = secret.reveal().into();
        return output::print_json(&about);
    }
    output::print(&format!("{}\n", secret.reveal()))?;
    output::note("send it as Authorization: Bearer KEY; it is not kept and cannot be shown again");
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let (now, keys) = (now(), args.store.existing()?.state()?.keys()?);
    if args.json {
        return output::print_json(&keys.iter().map(|key| about(key, now)).collect());
    }
    let day = |instant: Option<Instant>| {
        instant.map_or_else(String::new, |instant| instant.to_string().chars().take(10).collect())
    };
    let row = |key: &Key| {
        vec![
            key.id.clone(),
            key.name.clone(),
            scopes(key).join(","),
            day(Some(key.created)),
            day(key.expires),
            key.ended(now).unwrap_or("in use").to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    output::print(&output::table(&["id", "name", "scopes", "created", "expires", "state"], &rows))
}

fn revoke(args: &RevokeArgs) -> Result<(), Failure> {
    // Whoever finds a key somewhere has all of it; it is not shown again.
    let id = id_of(&args.id).unwrap_or(&args.id);
    match args.store.existing()?.state()?.revoke_key(id, now())? {
        Some(Revoked::Now) => output::print(&format!("{id} is revoked\n")),
        Some(Revoked::Before) => output::print(&format!("{id} was revoked before\n")),
        None => {
            let id = if id.starts_with(PREFIX) { "that" } else { id };
            let why = format!("{id}: there is no such key; mainstay keys list shows the ids");
            Err(Failure::new(Kind::Usage, why))
        }
    }
}

fn scopes(key: &Key) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.name()).collect()
}

fn about(key: &Key, now: Instant) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": scopes(key),
        "created": key.created.to_string(),
        "expires": key.expires.map(|instant| instant.to_string()),
        "revoked": key.revoked.map(|instant| instant.to_string()),
        "ended": key.ended(now),
    })
}
