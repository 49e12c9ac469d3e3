//! Names that only make sense in a pickle that means to run code. Nothing would come of them here,
//! but nobody should take such a file further.

/// Modules of which every name acts on the computer, or makes code or reads more pickles.
const MODULES: [&str; 45] = [
    "_ctypes",
    "_pickle",
    "_posixsubprocess",
    "_socket",
    "antigravity",
    "bdb",
    "cPickle",
    "cloudpickle",
    "code",
    "codeop",
    "commands",
    "ctypes",
    "dill",
    "doctest",
    "ensurepip",
    "ftplib",
    "http.client",
    "imp",
    "importlib",
    "joblib",
    "marshal",
    "nt",
    "os",
    "pdb",
    "pickle",
    "pip",
    "popen2",
    "posix",
    "pty",
    "pydoc",
    "requests",
    "runpy",
    "shelve",
    "shutil",
    "smtplib",
    "socket",
    "subprocess",
    "sys",
    "telnetlib",
    "timeit",
    "torch.hub",
    "urllib",
    "urllib2",
    "venv",
    "webbrowser",
];

/// Packages of which every module does.
const PACKAGES: [&str; 9] = [
    "ctypes.",
    "distutils.",
    "importlib.",
    "multiprocessing.popen_",
    "numpy.f2py",
    "pip.",
    "torch.utils.cpp_extension",
    "urllib.",
    "xmlrpc.",
];

/// Whether a name is such a one.
pub(super) fn runs_code(module: &str, name: &str) -> bool {
    // `os.stat_result` and its like are plain tuples.
    if MODULES.contains(&module) {
        return !name.ends_with("_result");
    }
    if PACKAGES.iter().any(|package| module.starts_with(package)) {
        return true;
    }
    match module {
        "builtins" | "__builtin__" => matches!(
            name,
            "__import__"
                | "apply"
                | "breakpoint"
                | "compile"
                | "delattr"
                | "eval"
                | "exec"
                | "execfile"
                | "file"
                | "globals"
                | "input"
                | "locals"
                | "open"
                | "raw_input"
                | "reload"
                | "setattr"
                | "vars"
        ),
        "io" | "_io" => matches!(name, "open" | "open_code" | "FileIO"),
        "codecs" | "posixpath" | "ntpath" => name == "open",
        "types" => matches!(name, "CodeType" | "FunctionType"),
        "cProfile" | "profile" | "trace" => matches!(name, "run" | "runctx"),
        "platform" => name == "popen",
        "torch" | "torch.jit" | "torch.serialization" => name == "load",
        "numpy" => matches!(name, "load" | "fromfile" | "memmap"),
        "numpy.testing._private.utils" => matches!(name, "runstring" | "rundocs"),
        "pandas" | "pandas.io.pickle" => name == "read_pickle",
        _ => false,
    }
}
