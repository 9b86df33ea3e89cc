use ust::Field;

#[derive(Field)]
struct Generic<T>(T);

#[derive(Field)]
struct Nothing;

#[derive(Field)]
enum Never {}

#[derive(Field)]
union Either {
    a: u8,
    b: i8,
}

#[derive(Field)]
struct Owned {
    name: String,
}

fn main() {}
