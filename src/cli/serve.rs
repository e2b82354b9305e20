//! `mainstay serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::output;
use super::settings::{MoneyArgs, StoreArgs};
use crate::api::{App, Limits, Listener, Rate, serve};
use crate::failure::Failure;
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
}

impl ListenArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits { rate: self.rate }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (catalogue, assumptions) = (args.money.catalogue()?, args.money.assumptions());
    let app = App::new(Store::at(&args.store.store), args.listen.limits(), move |store| {
        Ok(Service::new(store.load_model()?, catalogue.clone(), assumptions))
    })?;
    run_on(Listener::bind(args.listen.listen)?, app)
}

/// Serves until told to stop.
pub(super) fn run_on(listener: Listener, app: Arc<App>) -> Result<(), Failure> {
    let model = app.service()?.artifact().name();
    serve(listener, app, |address| {
        output::note(&format!("{model} answers on http://{address}; Ctrl-C stops it"));
    })?;
    output::note("stopped");
    Ok(())
}
