//! A row of the table, the work it stands for, and PyTorch's rows.

use std::fmt::{self, Display};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::options::{Case, Task};

/// Residual blocks of the generators.
pub const BLOCKS: usize = 9;
/// Channels after the discriminators' first layer.
pub const NDF: usize = 64;

pub struct Row {
    pub engine: String,
    pub device: String,
    pub task: Task,
    pub case: Case,
    pub first_ms: f64,
    pub runs_ms: Vec<f64>,
    /// The peak: memory in use on the processor, memory reserved on the graphics card.
    pub peak_bytes: Option<u64>,
}

impl Row {
    pub const TITLES: &str = "engine             device task               px  ngf   first ms  \
                              median ms     min ms     max ms    GFLOP/s  peak MiB";

    /// Median of the runs, which are sorted.
    pub fn median_ms(&self) -> f64 {
        self.runs_ms[self.runs_ms.len() / 2]
    }

    fn gflops(&self) -> f64 {
        2.0 * macs(self.task, self.case) / self.median_ms() / 1e6
    }

    pub fn to_json(&self) -> Value {
        json!({
            "engine": self.engine, "device": self.device, "task": self.task.to_string(),
            "size": self.case.size, "ngf": self.case.ngf, "ndf": NDF,
            "first_ms": self.first_ms, "median_ms": self.median_ms(), "runs_ms": self.runs_ms,
            "gflops": self.gflops(), "launches": null, "peak_bytes": self.peak_bytes,
        })
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, device, task, case: Case { size, ngf }, first_ms, runs_ms, .. } = self;
        let (least, most) = (runs_ms[0], runs_ms[runs_ms.len() - 1]);
        let mib = |bytes: u64| format!("{:.0}", bytes as f64 / f64::from(1 << 20));
        write!(
            f,
            "{engine:<18} {device:<6} {task:<15} {size:>5} {ngf:>4} {first_ms:>10.1} {:>10.1} \
             {least:>10.1} {most:>10.1} {:>10.1} {:>9}",
            self.median_ms(),
            self.gflops(),
            self.peak_bytes.map_or("-".into(), mib),
        )
    }
}

/// Multiply-accumulates by the layers' definition: taps on padding count, and a transposed
/// convolution has one tap per input pixel and weight.
fn macs(task: Task, Case { size, ngf }: Case) -> f64 {
    let (pixels, ngf, blocks) = ((size * size) as f64, ngf as f64, BLOCKS as f64);
    let stem = 7.0 * 7.0 * 3.0 * ngf * pixels;
    // Both strided and both transposed convolutions take 9 · 2 ngf² taps at a quarter of the pixels
    // of their wider side; a block takes two layers of 9 · (4 ngf)² at a sixteenth.
    let inner = (4.0 * 4.5 + 18.0 * blocks) * ngf * ngf * pixels;
    let generator = 2.0 * stem + inner;
    let Task::Train { identity } = task else { return generator };

    let (mut side, mut inputs, mut layers) = (size, 3, Vec::new());
    for (outputs, stride) in [(NDF, 2), (2 * NDF, 2), (4 * NDF, 2), (8 * NDF, 1), (1, 1)] {
        side = (side + 2 - 4) / stride + 1;
        layers.push((16 * side * side * inputs * outputs) as f64);
        inputs = outputs;
    }
    let discriminator: f64 = layers.iter().sum();
    // Each pass trains its generator; all except those on photos also need the input's gradient.
    // Two judge without being trained, four are trained on pictures.
    let on_photos = if identity { 4.0 } else { 2.0 };
    let generators = 3.0 * (on_photos + 2.0) * generator - on_photos * stem;
    generators + 4.0 * discriminator + 4.0 * (3.0 * discriminator - layers[0])
}

/// Runs `bench/pytorch.py` for the same measurements; if that fails, says why and returns none.
pub fn of_pytorch(script: &Path, gpu: bool, ours: &[Row]) -> Vec<Row> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    let device = if gpu { "cuda" } else { "cpu" };
    command.arg(script).args(["--device", device, "--json", "-"]);
    for Row { task, case: Case { size, ngf }, .. } in ours {
        command.arg(format!("{task}:{size}:{ngf}"));
    }
    let output = match command.stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => return none(&format!("it ended with {}", output.status)),
        Err(error) => return none(&error.to_string()),
    };
    let rows: Vec<Value> = match serde_json::from_slice(&output) {
        Ok(rows) => rows,
        Err(error) => return none(&error.to_string()),
    };
    let pairs = rows.iter().zip(ours);
    pairs.map(|(row, Row { task, case, .. })| read(row, *task, *case)).collect()
}

fn none(why: &str) -> Vec<Row> {
    eprintln!("without PyTorch: {why}");
    Vec::new()
}

fn read(row: &Value, task: Task, case: Case) -> Row {
    let text = |name: &str| row[name].as_str().expect("a text").to_string();
    let mut runs_ms: Vec<f64> = row["runs_ms"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|ms| ms.as_f64().expect("a number"))
        .collect();
    runs_ms.sort_by(f64::total_cmp);
    Row {
        engine: text("engine"),
        device: text("device"),
        task,
        case,
        first_ms: row["first_ms"].as_f64().expect("a number"),
        runs_ms,
        peak_bytes: row["peak_bytes"].as_u64(),
    }
}
