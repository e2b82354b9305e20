//! `mainstay serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::settings::{MoneyArgs, StoreArgs};
use crate::api::{App, Limits, Listener, LogFormat, Rate, serve};
use crate::failure::Failure;
use crate::scores::ListBasis;
use crate::service::Service;
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    money: MoneyArgs,
    #[command(flatten)]
    listen: ListenArgs,
}

#[derive(ClapArgs)]
pub(super) struct ListenArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// How many requests a second a key may send; without keys, all together [default: any number]
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<Rate>,
    /// How many connections may be open; more are told to try again
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections, value_parser = count)]
    pub(super) max_connections: usize,
    /// How many requests are worked on at a time; more are told to try again
    #[arg(long, value_name = "N", default_value_t = Limits::default().requests, value_parser = count)]
    pub(super) max_requests: usize,
    /// How standard error tells of each request: json, text or off
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(super) log: LogFormat,
}

impl ListenArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            rate: self.rate,
            connections: self.max_connections,
            requests: self.max_requests,
            log: self.log,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (catalogue, assumptions) = (args.money.catalogue()?, args.money.assumptions());
    let store = Store::at(&args.store.store);
    // A list that cannot be read is said where it is asked for.
    let list = store.load_list_about().ok().flatten();
    let app = App::new(store, args.listen.limits(), move |store| {
        Ok(Service::new(store.load_model()?, catalogue.clone(), assumptions))
    })?;
    let listener = Listener::bind(args.listen.listen)?;
    let own = ListBasis::of(&*app.service()?);
    let others = list.and_then(|list| list.basis).map(|basis| basis.differences(&own)).unwrap_or_default();
    run_on_saying(listener, app, move |app| {
        if !others.is_empty() {
            app.say(&format!(
                "the scored list was decided by {}: what it says differs from what POST /v1/score answers; serve with what \
                 it was scored with, or score anew",
                others.join(", ")
            ));
        }
    })
}

/// Serves until told to stop.
pub(super) fn run_on(listener: Listener, app: Arc<App>) -> Result<(), Failure> {
    run_on_saying(listener, app, |_| {})
}

/// [`run_on`], and says more once it listens.
fn run_on_saying(
    listener: Listener,
    app: Arc<App>,
    say_more: impl FnOnce(&App) + Send + 'static,
) -> Result<(), Failure> {
    let (model, teller) = (app.service()?.artifact().name(), app.clone());
    serve(listener, app, move |address| {
        let open = if teller.needs_keys() {
            ""
        } else {
            "; no key is needed, as there is none yet: through a proxy anybody could read every customer (mainstay keys create)"
        };
        teller.say(&format!("{model} answers on http://{address}; Ctrl-C stops it{open}"));
        say_more(&teller);
    })
}

/// A number that something can be limited to.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("a number from 1 to 1000000".to_owned()),
    }
}
