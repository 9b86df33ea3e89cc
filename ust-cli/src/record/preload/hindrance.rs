//! Programs that the shim cannot be loaded into.

use crate::record::elf_file::{self, Class};
use crate::record::executable;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Why the loader would not load the shim into a program: what to say. `None` where it would.
pub fn hindrance(program: &Path) -> Option<String> {
    let interpreter = executable::interpreter_of(program);
    let file = interpreter.as_deref().unwrap_or(program);
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o6000 != 0 {
        return Some(
            "it changes its user or group when it starts, and the loader then ignores LD_PRELOAD: record it as that user \
             from a copy without the setuid bit"
                .to_owned(),
        );
    }
    let elf = elf_file::read(file)?;
    let own = if cfg!(target_pointer_width = "64") { Class::Elf64 } else { Class::Elf32 };
    if elf.class != own {
        return Some(
            "it is of another word size than the shim: build ust-preload for that size, and preload it by hand".to_owned(),
        );
    }
    match elf.loader {
        None => Some(
            "it is linked statically, so no loader could load the shim into it: link it dynamically, or instrument it with \
             tracepoints of its own"
                .to_owned(),
        ),
        Some(loader) if loader.to_string_lossy().contains("ld-musl") => Some(
            "it is built for musl, and the shim for glibc: build it for glibc, or instrument it with tracepoints of its own"
                .to_owned(),
        ),
        Some(_) => None,
    }
}
