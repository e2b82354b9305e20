//! `mainstay serve`.

use std::net::SocketAddr;

use clap::Args as ClapArgs;

use super::input::{MoneyArgs, StoreArgs};
use super::output;
use crate::api::{App, Listener, serve};
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
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = Store::at(&args.store.store);
    let service = Service::new(store.load_model()?, args.money.catalogue()?, args.money.assumptions());
    let listener = Listener::bind(args.listen.listen)?;
    run_on(listener, service, store)
}

/// Serves until told to stop.
pub(super) fn run_on(listener: Listener, service: Service, store: Store) -> Result<(), Failure> {
    output::note(&format!(
        "{} answers on http://{}; Ctrl-C stops it",
        service.artifact().name(),
        listener.address()
    ));
    serve(listener, App::new(service, store))?;
    output::note("stopped");
    Ok(())
}
