//! Lists the golden files to compile into the browser's test program, because browsers have no file
//! system. `CYCLEGAN_GOLDEN` names another folder than `tests/golden`.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-env-changed=CYCLEGAN_GOLDEN");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = env::var("CYCLEGAN_GOLDEN").unwrap_or_else(|_| format!("{root}/tests/golden"));
    println!("cargo::rerun-if-changed={folder}");

    let mut list = String::from("&[\n");
    for part in ["", "pth", "pth_variants"] {
        let Ok(entries) = fs::read_dir(Path::new(&folder).join(part)) else { continue };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            let name = path.strip_prefix(&folder).expect("inside").display();
            list += &format!("({:?}, include_bytes!({path:?})),\n", name.to_string());
        }
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("golden.rs"), list).expect("the build folder is writable");
}
