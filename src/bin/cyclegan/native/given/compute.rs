//! Where to compute: on the graphics card or the processor, and with how many threads.

use clap::{Args, ValueEnum};
use cyclegan_web::{
    device::{self, Kind, Limits, Opened, Preference, Work},
    error::{Error, Result},
};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Device {
    /// The processor
    Cpu,
    /// The graphics card; an error if there is none
    Gpu,
}

/// The options of all commands that compute.
#[derive(Debug, Args)]
#[command(next_help_heading = "Device")]
pub struct Compute {
    /// What to compute on [default: the graphics card if there is one, else the processor]
    #[arg(long, value_enum)]
    device: Option<Device>,
    /// Threads on the processor [default: one for each of its cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Compute {
    /// Opens the device and reports which one it is on standard error. Fails with `gpu-…` when the
    /// graphics card was requested but cannot be used.
    pub fn open(&self, work: Work) -> Result<Opened> {
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads.into())
                .build_global()
                .map_err(|error| Error::Usage(format!("{threads} threads: {error}")))?;
        }
        let choice = match self.device {
            None => Preference::Auto,
            Some(Device::Cpu) => Preference::Cpu,
            Some(Device::Gpu) => Preference::WebGpu,
        };
        let opened = pollster::block_on(device::open(choice, work))?;
        eprintln!("{}", describe(&opened));
        Ok(opened)
    }
}

/// The limits of a training run. Translations use less, so that photos of any size work.
pub fn room(opened: &Opened) -> Limits {
    match opened.kind {
        Kind::Cpu => Limits { tensor: u64::MAX, memory: available().unwrap_or(u64::MAX) },
        Kind::WebGpu => {
            let memory = pollster::block_on(card_memory()).map(|all| all / 10 * 9);
            Limits { memory: memory.unwrap_or(opened.limits.memory), ..opened.limits }
        }
    }
}

/// Bytes of main memory that are free or can be freed, if the system says so: on Linux.
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(1024 * line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?)
}

#[cfg(any(target_os = "linux", target_os = "windows"))]
use device::card_memory;
/// Metal does not say either.
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
async fn card_memory() -> Option<u64> {
    None
}

fn describe(opened: &Opened) -> String {
    match (opened.kind, &opened.reason) {
        (Kind::WebGpu, _) if opened.adapter.is_empty() => "computing on the graphics card".into(),
        (Kind::WebGpu, _) => format!("computing on {}", opened.adapter),
        (Kind::Cpu, reason) => {
            let why = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            let threads = rayon::current_num_threads();
            let threads =
                if threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
            format!("computing on the processor, {threads}{why}")
        }
    }
}
