//! How the allocator deals with images between layers.
//!
//! A network allocates and frees tens of megabytes for every layer. By default glibc gives them back
//! to the system each time, which then clears every page for the next layer: about a tenth
//! of the processor's time.

/// From now on freed memory stays with the program, as far as the allocator can be told so: with
/// glibc. To be called before other threads start.
pub fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;

        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // From malloc.h: how much may stay free, how many allocations may be asked of the system
        // one by one, and how many arenas there are: those of threads are too small for a layer.
        const SETTINGS: [(c_int, c_int); 3] = [(-1, 1 << 30), (-4, 0), (-8, 1)];
        for (parameter, value) in SETTINGS {
            // SAFETY: it takes two numbers and ignores those that it does not know.
            unsafe { mallopt(parameter, value) };
        }
    }
}
