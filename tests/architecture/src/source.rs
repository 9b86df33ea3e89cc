//! One parsed file: what it declares, what it imports under which name, and which paths it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// A path as it is written: its segments.
pub type Segments = Vec<String>;

/// See the module page.
#[derive(Debug, Default)]
pub struct Source {
    /// The files of `mod x;`, by name.
    pub children: BTreeMap<String, PathBuf>,
    /// Names that `use` brings into the file, with the path that each stands for.
    pub imports: BTreeMap<String, Segments>,
    /// What `use path::*` brings in.
    pub globs: Vec<Segments>,
    /// Names of the file's own items.
    pub items: BTreeSet<String>,
    /// Every path in the code.
    pub paths: BTreeSet<Segments>,
    /// How many modules of this same file are around what is being visited.
    depth: usize,
}

impl Source {
    /// Reads a file. `is_root`: its children stand beside it, not in a folder of its name.
    ///
    /// # Panics
    /// It cannot be read, or it is not Rust.
    pub fn read(file: &Path, is_root: bool) -> Self {
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut source = Self::default();
        if is_test(&parsed.attrs) {
            return source;
        }
        let beside = file.parent().expect("a file lies in a folder");
        let is_mod = file.file_name().is_some_and(|name| name == "mod.rs");
        let folder = if is_root || is_mod { beside.to_owned() } else { file.with_extension("") };
        source.visit_items(&parsed.items, &folder);
        source
    }

    fn visit_items(&mut self, items: &[Item], folder: &Path) {
        for item in items {
            match item {
                Item::Mod(module) if is_test(&module.attrs) => {}
                Item::Mod(module) => match &module.content {
                    // A module within a file is part of the file.
                    Some((_, items)) => {
                        self.items.insert(module.ident.to_string());
                        self.depth += 1;
                        self.visit_items(items, folder);
                        self.depth -= 1;
                    }
                    None => {
                        let name = module.ident.to_string();
                        let file = file_of(&name, &module.attrs, folder);
                        self.children.insert(name, file);
                    }
                },
                Item::Use(item) if is_test(&item.attrs) => {}
                Item::Use(item) => self.add_use(&item.tree, Vec::new()),
                other => self.visit_item(other),
            }
        }
    }

    /// The path as the file itself would write it: `super` in a module of the file is the file.
    fn outside(&self, mut path: Segments) -> Segments {
        let supers = path.iter().take_while(|segment| *segment == "super").count();
        let inside = supers.min(self.depth);
        if inside > 0 {
            path.splice(..inside, (supers == inside).then(|| "self".to_owned()));
        }
        path
    }

    fn add_use(&mut self, tree: &UseTree, mut before: Segments) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_use(&path.tree, before);
            }
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = before.last() {
                    self.imports.insert(last.clone(), self.outside(before));
                }
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                before.push(name.clone());
                self.imports.insert(name, self.outside(before));
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    before.push(rename.ident.to_string());
                }
                // Imports as `_` count as well.
                let name = format!("{} as {}", rename.ident, rename.rename);
                let name = if rename.rename == "_" { name } else { rename.rename.to_string() };
                self.imports.insert(name, self.outside(before));
            }
            UseTree::Glob(_) => self.globs.push(self.outside(before)),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_use(tree, before.clone()));
            }
        }
    }
}

impl Visit<'_> for Source {
    fn visit_item(&mut self, item: &Item) {
        let (attrs, ident) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Impl(item) => (&item.attrs, None),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            // Inside a function.
            Item::Use(item) => return self.add_use(&item.tree, Vec::new()),
            other => return visit::visit_item(self, other),
        };
        if is_test(attrs) {
            return;
        }
        self.items.extend(ident.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.insert(self.outside(segments.collect()));
        }
        visit::visit_path(self, path);
    }

    /// `pub(crate)` names nothing.
    fn visit_visibility(&mut self, _: &syn::Visibility) {}

    /// The arguments of macros are tokens. Tokens that look like a path count as one.
    fn visit_macro(&mut self, item: &syn::Macro) {
        self.visit_path(&item.path);
        let text = item.tokens.to_string().replace(' ', "");
        let is_of_paths = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let words = text.split(|c| !is_of_paths(c)).filter(|word| word.contains("::"));
        let paths = words.map(|word| word.split("::").map(str::to_owned).collect::<Segments>());
        self.paths.extend(paths.filter(|path| path.iter().all(|part| !part.is_empty())));
    }
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let syn::Meta::List(list) = &attr.meta else { return attr.path().is_ident("test") };
        attr.path().is_ident("cfg") && is_only_for_tests(&list.tokens.to_string())
    })
}

/// `test`, or `all(test, ..)`.
fn is_only_for_tests(condition: &str) -> bool {
    let inside = condition.trim().strip_prefix("all").map_or(condition, str::trim_start);
    let mut parts = inside.trim_start_matches('(').trim_end_matches(')').split(',');
    parts.any(|part| part.trim() == "test")
}

fn file_of(name: &str, attrs: &[Attribute], folder: &Path) -> PathBuf {
    let given = attrs.iter().find_map(|attr| {
        let syn::Meta::NameValue(pair) = &attr.meta else { return None };
        let syn::Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(path) = &literal.lit else { return None };
        pair.path.is_ident("path").then(|| folder.join(path.value()))
    });
    let (file, in_folder) = (folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs"));
    given.unwrap_or(if file.exists() { file } else { in_folder })
}
