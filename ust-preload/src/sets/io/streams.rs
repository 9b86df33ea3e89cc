//! Streams of stdio. The C library makes their system calls itself, unseen: what is seen is what the program calls.
//!
//! The `printf` family has arguments that nobody else knows, so its events are written before the call, and have no result. The
//! `v` forms have one.
#![allow(unsafe_code)]

use crate::argument::{Address, Argument, Code, Fd, Maybe, Text};
use crate::calls::{calls, forms};
use crate::data::Items;
use crate::pass_on::pass_on;
use crate::unwind;
use core::ffi::{c_int, c_long, c_void};
use ust::inside::is_inside;

/// -1 where a stream has none.
fn descriptor_of(stream: Address) -> Fd {
    // SAFETY: a stream that has just been read or written. This only looks at it, and takes no lock.
    Fd(unsafe { libc::fileno(stream.cast_mut().cast()) })
}

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn fopen(path: Text, mode: Text) -> *mut c_void, also fopen64, also _IO_fopen,
        then unwind::an_object_may_have_gone;
    waiting fn freopen(path: Text, mode: Text, stream: Address) -> *mut c_void, also freopen64,
        then unwind::an_object_may_have_gone;
    waiting fn fdopen(fd: Fd, mode: Text) -> *mut c_void, also _IO_fdopen;
    waiting fn fclose(stream: Address) -> c_int, also _IO_fclose, then unwind::an_object_may_have_gone;
    waiting fn fflush(stream: Address) -> c_int, also _IO_fflush;
    waiting fn fread(buf: Address, size: usize, nmemb: usize, stream: Address) -> usize, also _IO_fread,
        data read(descriptor_of(stream), Items(buf, size));
    waiting fn fwrite(buf: Address, size: usize, nmemb: usize, stream: Address) -> usize, also _IO_fwrite,
        data written(descriptor_of(stream), Items(buf, size));
    waiting fn fgets(buf: Address, size: c_int, stream: Address) -> Maybe, also _IO_fgets;
    waiting fn fputs(text: Text, stream: Address) -> c_int, also _IO_fputs;
    waiting fn puts(text: Text) -> c_int, also _IO_puts;
    waiting fn getline(line: Address, size: Address, stream: Address) -> isize;
    waiting fn getdelim(line: Address, size: Address, delimiter: c_int, stream: Address) -> isize, also __getdelim;
    waiting fn fseek(stream: Address, offset: c_long, whence: c_int) -> c_int;
    waiting fn fseeko(stream: Address, offset: i64, whence: c_int) -> c_int, also fseeko64;
    quick fn ftell(stream: Address) -> c_long, also _IO_ftell;
    quick fn ftello(stream: Address) -> i64, also ftello64;
    waiting fn vfprintf(stream: Address, format: Text, arguments: Address) -> c_int, also _IO_vfprintf;
    waiting fn vprintf(format: Text, arguments: Address) -> c_int;
    waiting fn vdprintf(fd: Fd, format: Text, arguments: Address) -> c_int;
    waiting fn readdir(dir: Address) -> Maybe, also readdir64;
    waiting fn readdir_r(dir: Address, entry: Address, result_at: Address) -> Code, also readdir64_r;
}

forms! {
    waiting fn fread_unlocked(buf: Address, size: usize, nmemb: usize, stream: Address) -> usize
        as fread(buf, size, nmemb, stream),
        data read(descriptor_of(stream), Items(buf, size));
    waiting fn fwrite_unlocked(buf: Address, size: usize, nmemb: usize, stream: Address) -> usize
        as fwrite(buf, size, nmemb, stream),
        data written(descriptor_of(stream), Items(buf, size));
    waiting fn fgets_unlocked(buf: Address, size: c_int, stream: Address) -> Maybe as fgets(buf, size, stream);
    waiting fn fputs_unlocked(text: Text, stream: Address) -> c_int as fputs(text, stream);
    waiting fn fflush_unlocked(stream: Address) -> c_int as fflush(stream);
    waiting fn __fread_chk(buf: Address, room: usize, size: usize, nmemb: usize, stream: Address) -> usize
        as fread(buf, size, nmemb, stream),
        data read(descriptor_of(stream), Items(buf, size));
    waiting fn __fread_unlocked_chk(buf: Address, room: usize, size: usize, nmemb: usize, stream: Address) -> usize
        as fread(buf, size, nmemb, stream),
        data read(descriptor_of(stream), Items(buf, size));
    waiting fn __fgets_chk(buf: Address, room: usize, size: c_int, stream: Address) -> Maybe as fgets(buf, size, stream);
    waiting fn __fgets_unlocked_chk(buf: Address, room: usize, size: c_int, stream: Address) -> Maybe
        as fgets(buf, size, stream);
    waiting fn __vfprintf_chk(stream: Address, flag: c_int, format: Text, arguments: Address) -> c_int
        as vfprintf(stream, format, arguments);
    waiting fn __vprintf_chk(flag: c_int, format: Text, arguments: Address) -> c_int as vprintf(format, arguments);
    waiting fn __vdprintf_chk(fd: Fd, flag: c_int, format: Text, arguments: Address) -> c_int
        as vdprintf(fd, format, arguments);
}

mod printed {
    use crate::argument::{Address, Argument, Text};
    use core::ffi::c_int;
    use ust::tracepoint;

    type Format = <Text as Argument>::Field;

    #[tracepoint(provider = "libc_io", level = Debug)]
    pub fn printf(format: Format);
    #[tracepoint(provider = "libc_io", level = Debug)]
    pub fn fprintf(stream: Address, format: Format);
    #[tracepoint(provider = "libc_io", level = Debug)]
    pub fn dprintf(fd: c_int, format: Format);
}

mod real_printed {
    use core::ffi::c_int;

    crate::real::real! {
        pub fn printf() -> c_int;
        pub fn fprintf() -> c_int;
        pub fn dprintf() -> c_int;
        pub fn _IO_printf() -> c_int;
        pub fn _IO_fprintf() -> c_int;
        pub fn __printf_chk() -> c_int;
        pub fn __fprintf_chk() -> c_int;
        pub fn __dprintf_chk() -> c_int;
    }
}

/// Functions of the `printf` family: where they print to, if anywhere, a flag that is not recorded, and the format.
macro_rules! prints {
    ($($name:ident($($argument:ident: $type:ty),*) => $before:ident as $event:ident($($recorded:ident),*);)*) => {$(
        pass_on!($name => $before);

        unsafe extern "C" fn $before($($argument: $type),*) -> *mut c_void {
            if printed::$event::enabled() && !is_inside() {
                printed::$event($(Argument::field($recorded, 0)),*);
            }
            real_printed::$name::REAL.address()
        }
    )*};
}

prints! {
    printf(format: Text) => before_printf as printf(format);
    fprintf(stream: Address, format: Text) => before_fprintf as fprintf(stream, format);
    dprintf(fd: c_int, format: Text) => before_dprintf as dprintf(fd, format);
    _IO_printf(format: Text) => before_io_printf as printf(format);
    _IO_fprintf(stream: Address, format: Text) => before_io_fprintf as fprintf(stream, format);
    __printf_chk(_flag: c_int, format: Text) => before_printf_chk as printf(format);
    __fprintf_chk(stream: Address, _flag: c_int, format: Text) => before_fprintf_chk as fprintf(stream, format);
    __dprintf_chk(fd: c_int, _flag: c_int, format: Text) => before_dprintf_chk as dprintf(fd, format);
}
