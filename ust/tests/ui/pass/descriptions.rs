//! The description of each event, as a reader gets it.
use ust::Level;
use ust::__private::callsites;
use ust_core::event::EventDescription;
use ust::tracepoint;
use ust_core::wire::FieldType;

mod deep {
    pub mod deeper {
        #[ust::tracepoint]
        pub fn r#match(r#type: &str, hashes: &[u64]);
    }
}

#[tracepoint(provider = "indexer", name = "done", level = Info)]
#[allow(dead_code)]
fn file_indexed(ok: bool);

fn description(name: &str) -> &'static EventDescription {
    let mut all = callsites().map(|site| site.description());
    all.find(|description| description.name == name).expect(name)
}

fn main() {
    let description_of_match = description("match");
    // The crate's own name, which trybuild chooses.
    let crate_name = module_path!();
    assert_eq!(description_of_match.provider, crate_name);
    assert_eq!(description_of_match.level, Level::DebugLine);
    assert_eq!(description_of_match.module_path, format!("{crate_name}::deep::deeper"));
    assert!(description_of_match.file.ends_with("descriptions.rs"));
    assert_eq!(description_of_match.line, 11);
    let [ty, hashes] = description_of_match.fields else { panic!("two fields") };
    assert_eq!((ty.name, ty.ty), ("type", &FieldType::TEXT));
    assert_eq!((hashes.name, hashes.ty), ("hashes", &FieldType::sequence(FieldType::U64)));

    let done = description("done");
    assert_eq!((done.provider, done.level, done.line), ("indexer", Level::Info, 17));
    assert_eq!(done.module_path, crate_name);
}
