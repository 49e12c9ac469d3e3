//! Weights as files for other programs.

use js_sys::{Function, Uint8Array};
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::file::Failure;
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    weights::{
        About, StateDict, WeightsFile, Which,
        write::{Blueprint, Export, Format},
    },
};

/// Bytes of a piece, so that JavaScript gets few.
const PIECE: usize = 1 << 20;

/// Writes the generator or discriminator in the weights file `bytes` as a file of another kind,
/// and gives it to `piece`, a `(bytes: Uint8Array) => void`, at most 1 MiB at a time. `network` is
/// the name of the one to take from a file of several; `half` writes float16. `about` is what it
/// says of itself, by default what the file says. Fails with a `weights-…` code, or with what
/// `piece` throws.
#[wasm_bindgen(js_name = exportWeights)]
pub fn export_weights(
    bytes: Vec<u8>,
    network: Option<String>,
    #[wasm_bindgen(unchecked_param_type = "ExportFormat")] to: &str,
    half: bool,
    about: Option<Ts<About>>,
    #[wasm_bindgen(unchecked_param_type = "(bytes: Uint8Array<ArrayBuffer>) => void")]
    piece: Function,
) -> std::result::Result<(), JsValue> {
    let format = Format::from_name(to).ok_or_else(|| Error::Usage(format!("a file of {to:?}")))?;
    let given = about.map(|about| about.to_rust()).transpose();
    let given = given.map_err(|error| Error::Usage(error.to_string()))?;
    let (blueprint, state, own) = read(bytes, network.as_deref())?;
    let about = given.unwrap_or(own);
    let failure = Failure::default();
    let mut pending = Vec::with_capacity(PIECE);
    let hand_over = |pending: &mut Vec<u8>| {
        let bytes = Uint8Array::from(pending.as_slice());
        pending.clear();
        piece.call1(&JsValue::NULL, &bytes).map(drop).map_err(|thrown| failure.keep(thrown))
    };
    let export = Export { blueprint, state: &state, about: &about, half };
    let written = export.write(format, &mut |bytes| {
        for some in bytes.chunks(PIECE) {
            if pending.len() + some.len() > PIECE {
                hand_over(&mut pending)?;
            }
            pending.extend(some);
        }
        Ok(())
    });
    written.and_then(|()| hand_over(&mut pending)).map_err(|error| failure.or(error))
}

/// The network in a file, and what it says of itself. Of the file itself nothing is left: its
/// tensors are a second copy.
fn read(bytes: Vec<u8>, network: Option<&str>) -> Result<(Blueprint, StateDict, About)> {
    let mut file = WeightsFile::open(&bytes)?;
    let about = About::from_metadata(&file.metadata());
    let (blueprint, state) = file.network(network.map_or(Which::Only, Which::Named))?;
    Ok((blueprint, state, about))
}
