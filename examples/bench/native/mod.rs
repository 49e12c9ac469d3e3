//! What translating a picture and a training step cost natively, as a table: on the processor, or
//! on the graphics card through Vulkan, Metal or DX12.
//!
//! `cargo run --release --example bench -- [--device cpu|gpu] [--task translate|train|both]
//! [--precision float32|float16] [--identity with|without|both] [--pytorch] [--script FILE]
//! [--joint] [--json FILE] [SIZE:NGF ...]`
//!
//! `--pytorch` also runs `bench/pytorch.py`, which does the same with PyTorch in float32 if it is
//! installed (`PYTHON` names another interpreter than `python3`). It is looked for in the working
//! directory, unless `--script` says where it is. `--joint` also measures the
//! memory of one backward pass of the generators' whole loss, which shows what splitting it by
//! terms (`src/train/step.rs`) saves. `pkg-scripts/bench` measures the same in a browser, against
//! other engines; its rows have the same fields.

mod contender;
mod options;
mod peak;
mod row;

use contender::Contender;
use options::Options;
use row::Row;

pub fn main() {
    let options = Options::read();
    let mut contender = Contender::open(options.gpu, options.precision);
    println!("{}", contender.describe());
    println!("{}", Row::TITLES);
    let mut rows = Vec::new();
    for &case in &options.cases {
        for &task in &options.tasks {
            let own = contender.measure(case, task);
            println!("{own}");
            rows.push(own);
        }
        if options.joint && !options.gpu {
            println!("{}", contender.joint(case));
        }
    }
    if let Some(script) = &options.pytorch {
        let theirs = row::of_pytorch(script, options.gpu, &rows);
        for row in &theirs {
            println!("{row}");
        }
        rows.extend(theirs);
    }
    if let Some(file) = options.json {
        let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
        let text = serde_json::to_string_pretty(&rows).expect("rows are plain");
        std::fs::write(file, text).expect("a file that can be written");
    }
}
