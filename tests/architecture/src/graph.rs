//! The graph of one crate's files, and its circles.

use crate::source::{Segments, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module that is a file, by its path in the crate: `["engine", "drain"]`; the root is the empty one.
pub type Module = Vec<String>;

/// See the module page.
#[derive(Debug)]
pub struct Graph {
    files: BTreeMap<Module, Source>,
    /// Paths that lead to other crates, by the file that names them.
    pub outward: BTreeMap<Module, BTreeSet<Segments>>,
    /// For each file, the files that define what it names.
    pub edges: BTreeMap<Module, BTreeSet<Module>>,
}

/// The most names that are followed from one to the next: a `use` may lead back to itself.
const MAX_HOPS: usize = 16;

impl Graph {
    /// Reads a crate from its root file.
    pub fn of(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        read_all(root, true, Vec::new(), &mut files);
        let mut graph = Self { files, outward: BTreeMap::new(), edges: BTreeMap::new() };
        for module in graph.files.keys().cloned().collect::<Vec<_>>() {
            let (mut inward, mut outward) = (BTreeSet::new(), BTreeSet::new());
            for path in graph.named_by(&module) {
                match graph.definer(&module, &path, MAX_HOPS) {
                    Found::In(other) if other != module => drop(inward.insert(other)),
                    Found::In(_) | Found::Nowhere => {}
                    Found::Outside(path) => drop(outward.insert(path)),
                }
            }
            graph.edges.insert(module.clone(), inward);
            graph.outward.insert(module, outward);
        }
        graph
    }

    /// The modules that are files.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.files.keys()
    }

    fn named_by(&self, module: &Module) -> Vec<Segments> {
        let source = &self.files[module];
        // A facade does not use what it passes on. If it counted as a use, each folder's facade and files would be a
        // circle.
        let is_facade = source.items.is_empty();
        let imports = source.imports.values().filter(|_| !is_facade);
        imports.chain(&source.globs).chain(&source.paths).cloned().collect()
    }

    /// Which file defines what `path`, written in `module`, names.
    fn definer(&self, module: &Module, path: &[String], hops: usize) -> Found {
        let Some((first, rest)) = path.split_first().filter(|_| hops > 0) else {
            return Found::Nowhere;
        };
        let source = &self.files[module];
        match first.as_str() {
            "crate" => self.descend(Vec::new(), rest, hops),
            "self" => self.descend(module.clone(), rest, hops),
            "super" => {
                let parent = module.split_last().map(|(_, parent)| parent.to_vec());
                parent.map_or(Found::Nowhere, |parent| match rest.first().map(String::as_str) {
                    Some("super") => self.definer(&parent, rest, hops),
                    _ => self.descend(parent, rest, hops),
                })
            }
            name if source.items.contains(name) => Found::In(module.clone()),
            name if source.children.contains_key(name) || source.imports.contains_key(name) => {
                self.descend(module.clone(), path, hops)
            }
            _ => Found::Outside(path.to_vec()),
        }
    }

    /// Which file defines `path` as it is seen from inside of `module`.
    fn descend(&self, module: Module, path: &[String], hops: usize) -> Found {
        let Some((first, rest)) = path.split_first() else { return Found::In(module) };
        let Some(source) = self.files.get(&module) else { return Found::Nowhere };
        if source.children.contains_key(first) {
            let child = module.iter().cloned().chain([first.clone()]).collect();
            return self.descend(child, rest, hops);
        }
        if let Some(import) = source.imports.get(first).filter(|import| **import != [first.clone()])
        {
            let whole: Vec<_> = import.iter().chain(rest).cloned().collect();
            return self.definer(&module, &whole, hops - 1);
        }
        if !source.items.contains(first) {
            let through = |glob: &Segments| {
                let whole: Vec<_> = glob.iter().chain(path).cloned().collect();
                match self.definer(&module, &whole, hops - 1) {
                    Found::In(found) if self.files[&found].items.contains(first) => Some(found),
                    _ => None,
                }
            };
            if let Some(found) = source.globs.iter().find_map(through) {
                return Found::In(found);
            }
        }
        Found::In(module)
    }

    /// Sets of files in which each file leads to each other.
    pub fn circles(&self) -> Vec<Vec<Module>> {
        let reach: BTreeMap<_, _> =
            self.files.keys().map(|file| (file, self.reach(file))).collect();
        let mut circles: Vec<Vec<Module>> = Vec::new();
        for file in self.files.keys() {
            let is_back = |other: &&Module| reach[other].contains(file);
            let circle: Vec<_> = reach[file].iter().filter(is_back).cloned().collect();
            if !circle.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reach(&self, from: &Module) -> BTreeSet<Module> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<_> = self.edges[from].iter().collect();
        while let Some(file) = next.pop() {
            if reached.insert(file.clone()) {
                next.extend(&self.edges[file]);
            }
        }
        reached
    }
}

enum Found {
    In(Module),
    Outside(Segments),
    Nowhere,
}

fn read_all(file: &Path, is_root: bool, module: Module, files: &mut BTreeMap<Module, Source>) {
    let source = Source::read(file, is_root);
    let children: Vec<(String, PathBuf)> = source.children.clone().into_iter().collect();
    files.insert(module.clone(), source);
    for (name, file) in children {
        let child = module.iter().cloned().chain([name]).collect();
        read_all(&file, false, child, files);
    }
}
