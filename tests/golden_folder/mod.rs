//! Where the golden data lies.

use std::path::PathBuf;

/// The folder that `CYCLEGAN_GOLDEN` names, or the copy beside the tests.
pub fn golden_folder() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::env::var_os("CYCLEGAN_GOLDEN").map_or_else(|| default.into(), PathBuf::from)
}
