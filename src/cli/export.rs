//! `mainstay export`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_models::onnx;

use super::output;
use super::settings::{StoreArgs, check_folder};
use crate::failure::Failure;
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    /// The ONNX file to write: the model's raw score, with its scaling; docs/model-format.md describes it
    #[arg(long, value_name = "FILE")]
    onnx: PathBuf,
    /// Export this model, as mainstay models list names it [default: the one in service]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    check_folder(&args.onnx)?;
    let artifact = Store::at(&args.store.store).load_model_named(args.model.as_deref())?;
    let training = &artifact.training;
    let kind = training.kind();
    let bytes = onnx::export(&training.models, kind, &onnx::metadata(&artifact));
    write_whole(&args.onnx, |out| out.write_all(&bytes))?;
    output::print(&format!("{} in {}\n", artifact.name(), args.onnx.display()))
}
