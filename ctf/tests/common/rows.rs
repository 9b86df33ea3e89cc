//! Records with every field type over its edge values.

use ctf::write::metadata::{Base, Field, FieldType, Float, Integer, Width};

use super::shown::{float, text};

/// Fields that go into one record: their declaration, their bytes, and how babeltrace2 should show
/// them.
#[derive(Default)]
pub struct Row {
    pub fields: Vec<Field>,
    pub payload: Vec<u8>,
    shown: Vec<String>,
}

impl Row {
    /// `shown` has names as in the metadata; readers show them without their first underscore.
    pub fn add(&mut self, name: &str, ty: FieldType, bytes: &[u8], shown: &[(&str, String)]) {
        self.fields.push(Field { name: name.to_owned(), ty });
        self.payload.extend(bytes);
        self.shown.extend(shown.iter().map(|(name, value)| format!("{}={value}", &name[1..])));
    }

    pub fn shown(&self) -> String {
        format!("{{{}}}", self.shown.join(","))
    }
}

/// The lowest or highest value of each type.
pub fn edges(high: bool) -> Row {
    let mut row = Row::default();
    let widths = [Width::W8, Width::W16, Width::W32, Width::W64];
    for (width, bytes) in widths.into_iter().zip([1, 2, 4, 8]) {
        let bits = bytes as u32 * 8;
        for base in
            [Integer::new(width, false), Integer::new(width, false).shown_in(Base::Hexadecimal)]
        {
            let value = if high { u64::MAX >> (64 - bits) } else { 0 };
            let name = format!("u{bits}{:?}", base.base);
            let le = value.to_le_bytes();
            let native = native(&le[..bytes]);
            row.add(
                &name,
                FieldType::Integer(base),
                &native,
                &[(&format!("_{name}"), value.to_string())],
            );
        }
        let value = if high { i64::MAX } else { i64::MIN } >> (64 - bits);
        let name = format!("i{bits}");
        let le = value.to_le_bytes();
        let native = native(&le[..bytes]);
        let ty = FieldType::Integer(Integer::new(width, true));
        row.add(&name, ty, &native, &[(&format!("_{name}"), value.to_string())]);
    }
    let (f32, f64) =
        if high { (f32::MAX, f64::NEG_INFINITY) } else { (-0.0, f64::MIN_POSITIVE / 2.0) };
    row.add(
        "f32",
        FieldType::Float(Float::F32),
        &f32.to_ne_bytes(),
        &[("_f32", float(f32.into()))],
    );
    row.add("f64", FieldType::Float(Float::F64), &f64.to_ne_bytes(), &[("_f64", float(f64))]);
    let string = if high { "größer \"als\" \u{1F980}\n\\" } else { "" };
    let bytes = [string.as_bytes(), &[0]].concat();
    row.add("größe", FieldType::TEXT, &bytes, &[("_gr__e", text(string))]);

    let short = || FieldType::Integer(Integer::I16);
    let bytes: Vec<u8> = [i16::MIN, -1, i16::MAX].iter().flat_map(|n| n.to_ne_bytes()).collect();
    let ty = FieldType::array(short(), 3);
    row.add("array", ty, &bytes, &[("_array", "[-32768,-1,32767]".to_owned())]);
    let ty = FieldType::array(short(), 0);
    let shown = [("__none_length", "0".to_owned()), ("_none", "[]".to_owned())];
    row.add("none", ty, &0_u32.to_ne_bytes(), &shown);
    let ty = FieldType::array(FieldType::Float(Float::F32), 1);
    row.add("floats", ty, &1.5_f32.to_ne_bytes(), &[("_floats", format!("[{}]", float(1.5)))]);

    let count = if high { 300 } else { 0_u32 };
    let values: Vec<f64> = (0..count).map(f64::from).collect();
    let mut bytes = count.to_ne_bytes().to_vec();
    bytes.extend(values.iter().flat_map(|value| value.to_ne_bytes()));
    let list: Vec<String> = values.iter().map(|value| float(*value)).collect();
    let ty = FieldType::sequence(FieldType::Float(Float::F64));
    let shown = [("__seq_length", count.to_string()), ("_seq", format!("[{}]", list.join(",")))];
    row.add("seq", ty, &bytes, &shown);
    // The same names again, and the name of a companion.
    let byte = FieldType::Integer(Integer::U8);
    row.add("i8", byte.clone(), &[1], &[("_i8_2", "1".to_owned())]);
    row.add("_seq_length", byte, &[2], &[("__seq_length_2", "2".to_owned())]);
    row
}

fn native(little_endian: &[u8]) -> Vec<u8> {
    let bytes = little_endian.iter().copied();
    if cfg!(target_endian = "little") { bytes.collect() } else { bytes.rev().collect() }
}
