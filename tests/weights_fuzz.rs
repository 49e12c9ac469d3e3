//! Hostile weights files at random: never a panic, never slow, never more memory than warranted.
//!
//! Two kinds of input: arbitrary bytes behind a valid start, and golden files that were changed in
//! ways that reach deep into the readers (flips, cuts, splices, overwritten counts). An allocator
//! that counts watches the peak of what one call holds.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]
#![allow(unsafe_code, reason = "counting what is allocated takes an allocator")]

mod weights_files;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cyclegan_web::weights::{Judge, WeightsFile, Which};
use proptest::prelude::*;
use proptest::sample::Index;
use weights_files::{Oddity, Pickle, files, golden, legacy, pth, pth_files, safetensors, zip};

/// What a call may hold: a multiple of the file and, for bookkeeping, a constant.
const PER_BYTE: usize = 3;
const BESIDES: usize = 20 << 20;

/// Generous, for slow machines without optimisation; a loop over a claimed count takes hours.
const LONGEST: Duration = Duration::from_secs(5);

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

/// Counts bytes; during a thread's end, when its counters are gone, nothing is counted.
fn count(change: isize) {
    let held = HELD.try_with(|held| {
        held.set(held.get() + change);
        held.get()
    });
    if let Ok(held) = held {
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held)));
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Processor time of this thread, which other programs do not lengthen; where the system does not
/// say it, time as such.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = said.and_then(|said| said.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// Reads each network of a file, and then everything in it, and checks time and memory.
fn read_within_bounds(file: &[u8]) -> Result<(), TestCaseError> {
    let before = HELD.get();
    PEAK.set(before);
    let started = spent();
    let outcome = WeightsFile::open(file).map(|mut file| {
        let networks = file.networks();
        let named: Vec<_> = networks
            .iter()
            .map(|network| file.generator(Which::Named(&network.name)).err())
            .collect();
        named.into_iter().chain([file.discriminator(Judge::A).err(), file.tensors().err()])
    });
    let (peak, took) = ((PEAK.get() - before) as usize, spent() - started);
    let errors: Vec<_> = match outcome {
        Ok(errors) => errors.flatten().collect(),
        Err(error) => vec![error],
    };
    let bound = PER_BYTE * file.len() + BESIDES;
    prop_assert!(peak <= bound, "{peak} bytes for a file of {}", file.len());
    prop_assert!(took <= LONGEST, "{took:?} for a file of {} bytes", file.len());
    for error in errors {
        prop_assert!(error.code().starts_with("weights-"));
        prop_assert!(error.to_string().len() < 1000, "a sentence of {}", error.to_string().len());
    }
    Ok(())
}

/// Whole files in every container.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let others = files(&golden().join("pth"), |name| name.ends_with(".safetensors"));
    let field = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/weights");
    let field = files(&field, |name| name.ends_with(".pth") || name.ends_with(".safetensors"));
    let all = pth_files().into_iter().chain(others).chain(field);
    let files: Vec<_> = all.map(|(_, file)| file).filter(|file| !file.is_empty()).collect();
    assert!(files.len() >= 8, "the golden folder has files to start from");
    files
});

/// One change to a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Truncate(Index),
    Cut(Index, Index),
    Repeat(Index, u8, u8),
    Number(Index, u64, u8),
    Splice(Index, Index, Index, u16),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let extreme = prop_oneof![
        Just(u64::MAX),
        Just(u64::MAX / 2),
        Just(1 << 32),
        Just(0x7fff_ffff),
        Just(0),
        0..70_000u64,
        any::<u64>(),
    ];
    let change = prop_oneof![
        4 => (any::<Index>(), 1..=255u8).prop_map(|(at, by)| Change::Flip(at, by)),
        1 => any::<Index>().prop_map(Change::Truncate),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Change::Cut(from, to)),
        1 => any::<(Index, u8, u8)>().prop_map(|(at, from, n)| Change::Repeat(at, from, n)),
        4 => (any::<Index>(), extreme, 1..=8u8).prop_map(|(at, n, width)| Change::Number(at, n, width)),
        2 => any::<(Index, Index, Index, u16)>().prop_map(|(a, b, c, n)| Change::Splice(a, b, c, n)),
    ];
    proptest::collection::vec(change, 1..5)
}

/// The bytes that describe rather than hold numbers: they are few, so changes are steered there.
fn structure(file: &[u8]) -> Vec<usize> {
    let near_ends = file.len().min(12_000);
    (0..near_ends).chain(file.len() - near_ends..file.len()).collect()
}

fn apply(file: &mut Vec<u8>, change: &Change) {
    if file.is_empty() {
        return;
    }
    let places = structure(file);
    let place = |at: &Index| *at.get(&places);
    match change {
        Change::Flip(at, by) => file[place(at)] ^= by,
        Change::Truncate(at) => file.truncate(at.index(file.len())),
        Change::Cut(from, to) => {
            let (from, to) = (place(from), place(to));
            file.drain(from.min(to)..from.max(to));
        }
        Change::Repeat(at, length, times) => {
            let at = place(at);
            let end = file.len().min(at + usize::from(*length));
            let copies = file[at..end].repeat(usize::from(*times));
            file.splice(at..at, copies);
        }
        Change::Number(at, number, width) => {
            let bytes = number.to_le_bytes();
            for (to, from) in file.iter_mut().skip(place(at)).zip(&bytes[..usize::from(*width)]) {
                *to = *from;
            }
        }
        Change::Splice(at, seed, from, length) => {
            let at = place(at);
            let other = seed.get(&SEEDS);
            let from = *from.get(&structure(other));
            let piece = &other[from..other.len().min(from + usize::from(*length))];
            let end = file.len().min(at + piece.len());
            file.splice(at..end, piece.iter().copied());
        }
    }
}

/// Pickled values, nested in each other, of the kinds that describe checkpoints.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let tensor = |(offset, rows, columns, stride): (u8, u8, u8, u8)| {
        let (size, strides) = ([rows.into(), columns.into()], [stride.into(), 1]);
        Pickle::default().tensor(("FloatStorage", "0", 8), offset.into(), &size, &strides).0
    };
    let array = |(kind, rows, columns, is_fortran): (&str, u8, u8, bool)| {
        let numbers = Pickle::default();
        let filled = vec![rows; usize::from(rows) * usize::from(columns) * 4];
        let numbers =
            if columns % 2 == 0 { numbers.bytes(&filled) } else { numbers.bytes2(&filled) };
        let shape = [rows.into(), columns.into()];
        Pickle::default().array((kind, "<"), &shape, is_fortran, numbers).0
    };
    let kind = proptest::sample::select(vec!["f4", "f2", "f8", "i8", "O8", "?"]);
    let global = proptest::sample::select(vec![
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_tensor_v3"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch._utils", "_rebuild_device_tensor_from_numpy"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch.storage", "_load_from_bytes"),
        ("torch", "Size"),
        ("torch", "float32"),
        ("torch", "FloatStorage"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
        ("builtins", "getattr"),
        ("project", "Net"),
    ]);
    let text = proptest::sample::select(vec![
        "state_dict",
        "model",
        "model.1.weight",
        "t",
        "é",
        "_modules",
        "_parameters",
        "latin1",
        "f4",
    ]);
    let leaf = prop_oneof![
        4 => (0..9u8, 0..9u8, 0..9u8, 0..9u8).prop_map(tensor),
        2 => text.prop_map(|text| Pickle::default().text(text).0),
        3 => (kind, 0..5u8, 0..5u8, any::<bool>()).prop_map(array),
        2 => global.clone().prop_map(|(module, name)| Pickle::default().global(module, name).0),
        1 => any::<i64>().prop_map(|number| Pickle::default().int(number).0),
        1 => (0..8u8).prop_map(|key| vec![b'N', b'q', key, b'0', b'h', key]),
        1 => proptest::sample::select(b"N)]}\x88".to_vec()).prop_map(|opcode| vec![opcode]),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let many = proptest::collection::vec(inner.clone(), 0..6).prop_map(|many| many.concat());
        let pairs = (inner.clone(), inner.clone()).prop_map(|(key, value)| [key, value].concat());
        let pairs = proptest::collection::vec(pairs, 0..6).prop_map(|pairs| pairs.concat());
        let key = 0..8u8;
        let built = (pairs.clone(), inner.clone())
            .prop_map(|(pairs, state)| [b"}(", pairs.as_slice(), b"u", &state, b"b"].concat());
        let opcode = proptest::sample::select(b"R\x81".to_vec());
        let object = (global.clone(), many.clone(), inner.clone(), opcode).prop_map(
            |((module, name), many, state, opcode)| {
                let class = Pickle::default().global(module, name).raw(b"(").raw(&many);
                class.raw(&[b't', opcode]).raw(&state).raw(b"b").0
            },
        );
        prop_oneof![
            1 => many.clone().prop_map(|many| [b"(", many.as_slice(), b"t"].concat()),
            1 => many.prop_map(|many| [b"](", many.as_slice(), b"e"].concat()),
            1 => (pairs, key)
                .prop_map(|(pairs, key)| [&[b'}', b'q', key, b'('], &pairs[..], b"u"].concat()),
            1 => built,
            3 => object,
        ]
    })
}

/// A dictionary of such values, with a few bytes overwritten.
fn pickle() -> impl Strategy<Value = Vec<u8>> {
    let entries = proptest::collection::vec(value(), 0..8);
    let flips = proptest::collection::vec((any::<Index>(), any::<u8>()), 0..3);
    (entries, flips).prop_map(|(entries, flips)| {
        let name = |at: usize| Pickle::default().text(&format!("entry.{at}")).0;
        let named = entries.into_iter().enumerate().flat_map(|(at, value)| [name(at), value]);
        let mut pickle = [b"}(", named.collect::<Vec<_>>().concat().as_slice(), b"u."].concat();
        for (at, byte) in flips {
            let at = at.index(pickle.len());
            pickle[at] = byte;
        }
        pickle
    })
}

fn cases(cases: u32) -> ProptestConfig {
    // What fails is printed in full; it becomes a named test instead of a file of seeds.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn changed_files_stay_within_bounds(seed in any::<Index>(), changes in changes()) {
        let mut file = seed.get(&SEEDS).clone();
        for change in &changes {
            apply(&mut file, change);
        }
        read_within_bounds(&file)?;
    }
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn arbitrary_pickles_stay_within_bounds(pickle in pickle(), storage in any::<[u8; 32]>()) {
        read_within_bounds(&pth(&pickle, &storage))?;
        read_within_bounds(&legacy(&pickle, &[("0", 8, &storage)]))?;
    }

    #[test]
    fn arbitrary_bytes_stay_within_bounds(
        start in proptest::sample::select(vec![
            b"".as_slice(), b"PK\x03\x04", b"PK\x05\x06", b"\x80\x02", b"\x20\0\0\0\0\0\0\0{",
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        read_within_bounds(&[start, &bytes].concat())?;
    }
}

#[test]
fn the_greediest_files_stay_within_bounds() {
    let long =
        |piece: &[u8], times: usize| zip(&[("data.pkl", &piece.repeat(times))], Oddity::default());
    let memo: Vec<u8> =
        (0..300_000u32).flat_map(|key| [b"r".as_slice(), &key.to_le_bytes()].concat()).collect();
    let memo = [b"N".as_slice(), &memo].concat();
    let header = |json: String| safetensors(&json, &[]);
    let shape = |zeros: usize| {
        let zeros = vec!["0"; zeros].join(",");
        format!(r#"{{"t":{{"dtype":"F32","shape":[{zeros}],"data_offsets":[0,0]}}}}"#)
    };
    let names = |count: usize| {
        let entry =
            |name| format!(r#""{name:x}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
        format!("{{{}}}", (0..count).map(entry).collect::<Vec<_>>().join(","))
    };
    let convs = |paths: &mut dyn Iterator<Item = String>| {
        let entry = |path: String| {
            let path = path + ".weight";
            format!(r#""{path}":{{"dtype":"F32","shape":[2,3,0,7],"data_offsets":[0,0]}}"#)
        };
        format!("{{{}}}", paths.map(entry).collect::<Vec<_>>().join(","))
    };
    // One tensor under so many names that the modules they make take more than the file.
    let modules = |count: u32| {
        let one = Pickle::new().tensor(("FloatStorage", "0", 1), 0, &[1; 4], &[1; 4]);
        let named = (0..count).fold(one.raw(b"q\x010}"), |pickle, at| {
            pickle.text(&format!("{at}.weight")).raw(b"h\x01s")
        });
        pth(&named.stop(), &[0; 4])
    };
    // Four dictionaries, each a hundred times in the next: 10^8 ways from the last to the first.
    let tree = (0..4u8).fold(Pickle::new().raw(b"N"), |pickle, level| {
        let opened = pickle.raw(&[b'q', level, b'}', b'(']);
        let named = |pickle: Pickle, at: u8| pickle.text2(&at.to_string()).raw(&[b'h', level]);
        (0..100).fold(opened, named).raw(b"u")
    });
    // The same megabyte under many names, so long that paths are longer than the file.
    let shared = (0..1000u32)
        .fold(
            Pickle::new()
                .raw(b"}(")
                .text(&"k".repeat(500))
                .tensor(("FloatStorage", "0", 1 << 18), 0, &[1 << 18], &[1])
                .raw(b"q\x01"),
            |pickle, at| pickle.text(&format!("{at}{}", "k".repeat(500))).raw(b"h\x01"),
        )
        .raw(b"u");
    // One storage in a pickle of its own, read again and again.
    let nested =
        legacy(&Pickle::new().storage("FloatStorage", "0", 6, b"").stop(), &[("0", 6, &[0; 24])]);
    let nested = [nested, vec![b'N'; 50_000]].concat();
    let loads = Pickle::new()
        .global("torch.storage", "_load_from_bytes")
        .raw(b"q\0B")
        .raw(&(nested.len() as u32).to_le_bytes())
        .raw(&nested)
        .raw(b"q\x010")
        .raw(&b"h\0h\x01\x85R0".repeat(100_000))
        .raw(b"N");
    let plain = |pickle: &Pickle| pickle.clone().stop();
    let texts =
        |count: usize| (0..count).map(|at| format!(r#""{at:x}":"""#)).collect::<Vec<_>>().join(",");
    // A stack that was high once must not lend its capacity to each small tuple.
    let high = [b"(".to_vec(), vec![b'N'; 16_000], b"1".to_vec(), b"(Nt0".repeat(30_000)].concat();
    let greedy = [
        zip(&[("data.pkl", &high)], Oddity::default()),
        zip(&[("data.pkl", &tree.stop())], Oddity::default()),
        long(b"}0", 400_000),
        long(b"}0", 4_000_000),
        long(b"]Na0", 2_000_000),
        long(b"}NNs0", 2_000_000),
        long(b"N\x85", 2_000_000),
        long(b"cm\nn\n)R0", 1_000_000),
        zip(&[("data.pkl", &shared.stop()), ("data/0", &[0; 1 << 20])], Oddity::default()),
        plain(&loads),
        header(format!(r#"{{"__metadata__":{{"log":"{}"}}}}"#, r"\n".repeat(3 << 20))),
        header(format!(r#"{{"__metadata__":{{{}}}}}"#, texts(1 << 19))),
        long(b"}NNs0", 200_000),
        long(b"]Na0", 200_000),
        long(b"N\x85", 400_000),
        long(b"(", 400_000),
        long(b"N", 400_000),
        zip(&[("data.pkl", &memo)], Oddity::default()),
        header(shape(120_000)),
        header(shape(400_000)),
        header(names(4_000)),
        header("[".repeat(200_000)),
        header(convs(&mut std::iter::once("a.".repeat(4_000_000) + "a"))),
        header(convs(&mut (0..15_000).map(|at| "a.".repeat(220) + &format!("{at}")))),
        header(convs(&mut (0..15_000).map(|at| "a.".repeat(28) + &format!("{}.{at}", at / 2000)))),
        modules(10_000),
        modules(16_500),
        modules(40_000),
    ];
    for file in greedy {
        read_within_bounds(&file).unwrap();
    }
    for seed in SEEDS.iter() {
        read_within_bounds(seed).unwrap();
    }
}
