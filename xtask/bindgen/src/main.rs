//! Makes of a compiled crate what a page imports: `tapgate-bindgen MODULE FOLDER` writes the module without its descriptions and the
//! functions around it into FOLDER. wasm-bindgen's own program does no more; as a crate it is pinned by the lock file, and there is
//! nothing to install.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, folder] = arguments.as_slice() else { bail!("usage: tapgate-bindgen MODULE FOLDER") };
    Bindgen::new()
        .input_path(module)
        .web(true)
        .context("asking for a web page's module")?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("making the functions around {}", module.display()))
}
