//! Every place where a tracepoint may be, and how other modules see it.
use ust::tracepoint;

mod outer {
    pub mod inner {
        use ust::tracepoint;

        type Local = u32;

        #[tracepoint]
        pub fn everywhere(a: Local);
        #[tracepoint]
        pub(crate) fn in_the_crate(a: Local);
        #[tracepoint]
        pub(super) fn in_the_parent(a: Local);
        #[tracepoint]
        pub(in crate::outer) fn in_a_path(a: Local);
        #[tracepoint]
        fn here(a: Local);

        pub fn call() {
            here(1);
            here::with(|| 1);
        }
    }

    pub fn call() {
        inner::in_the_parent(1);
        inner::in_the_parent::with(|| 1);
        inner::in_a_path(1);
    }
}

// One name imports both the function and the enum.
use outer::inner::everywhere;

// Two attributes that must reach the enum as well as the function.
#[tracepoint]
#[cfg(any())]
fn configured_away(a: NoSuchType);

mod configured_away {}

macro_rules! events {
    ($($name:ident($($field:ident: $ty:ty),*);)*) => {$(
        #[tracepoint]
        fn $name($($field: $ty,)* added: &str);
    )*};
}

events! {
    by_a_macro(a: &str);
    by_a_macro_too(a: u32, b: &[u8]);
}

fn main() {
    by_a_macro("a", "b");
    by_a_macro::with(|| ("a", "b"));
    by_a_macro_too(1, &[2], "c");

    #[tracepoint]
    fn in_a_function(a: u32);
    in_a_function(1);
    in_a_function::with(|| 1);

    let closure = || {
        #[ust::tracepoint]
        fn in_a_closure(a: u32);
        in_a_closure(1);
    };
    closure();

    everywhere(1);
    everywhere::with(|| 1);
    outer::inner::in_the_crate(1);
    outer::inner::call();
    outer::call();
}
