//! What a weights file holds, for a person to choose from.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::types::{GeneratorReport, NetworkKind, NetworkReport, Reason, WeightsReport, told};
use crate::{
    error::Result,
    weights::{About, Kind, Network, WeightsFile, write::Blueprint},
};

/// Lists the networks in a weights file, and what it says of itself. Fails with the `weights-…`
/// codes of a container that cannot be read.
#[wasm_bindgen(js_name = inspectWeights)]
pub fn inspect_weights(bytes: &[u8]) -> Result<Ts<WeightsReport>> {
    let file = WeightsFile::open(bytes)?;
    let about = About::from_metadata(&file.metadata());
    let about = (about != About::default()).then_some(about);
    let networks = file.networks().into_iter().map(|Network { name, averaged, kind }| {
        let (kind, network, reason) = match kind {
            Kind::Known(Blueprint::Generator(architecture)) => {
                (NetworkKind::Generator, Some(GeneratorReport::from(architecture)), None)
            }
            Kind::Known(Blueprint::Discriminator { .. }) => {
                (NetworkKind::Discriminator, None, None)
            }
            Kind::Other(error) => {
                let reason = Reason { code: error.code(), detail: error.to_string() };
                (NetworkKind::Other, None, Some(reason))
            }
        };
        NetworkReport { name, kind, averaged, network, reason }
    });
    told(&WeightsReport { networks: networks.collect(), about })
}
