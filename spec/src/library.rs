//! Reading a spec with everything that it imports.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::bounds;
use crate::diagnostics::{Code, Diagnostic, nearest};
use crate::source::{FileId, Sources, Span};
use crate::syntax::ast::{Allow, Import, ImportTarget, Kind, Network};
use crate::{syntax, zoo};

/// Where a spec comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    Path(PathBuf),
    /// A spec of the zoo, by name.
    Zoo(String),
    /// A text at hand, such as an inline body; imports are relative to the folder, where there is one.
    Text {
        /// How messages name it.
        name: String,
        /// The text.
        text: String,
        /// Where imports are looked for.
        folder: Option<PathBuf>,
    },
}

/// Why a root spec cannot be read at all.
#[derive(Clone, Debug)]
pub struct ReadError {
    /// What was to be read.
    pub name: String,
    /// What went wrong, and what to do.
    pub reason: String,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.name, self.reason)
    }
}

impl std::error::Error for ReadError {}

/// One text with its definitions.
#[derive(Clone, Debug)]
struct Unit {
    origin: Origin,
    /// The origin with links followed: one file is read once, whatever it is called.
    identity: Origin,
    imports: Vec<usize>,
    file: FileId,
    numerics: Rc<Vec<syntax::ast::Argument>>,
    kinds: Rc<Named<Kind>>,
    networks: Rc<Named<Network>>,
    allows: Vec<Allow>,
}

/// Definitions in their order, and where the first of each name stands.
#[derive(Debug)]
struct Named<T> {
    all: Vec<Rc<T>>,
    places: HashMap<String, usize>,
}

impl<T> Named<T> {
    fn new(all: Vec<T>, name: impl Fn(&T) -> &String) -> Named<T> {
        let mut places = HashMap::new();
        for (place, definition) in all.iter().enumerate() {
            places.entry(name(definition).clone()).or_insert(place);
        }
        Named { all: all.into_iter().map(Rc::new).collect(), places }
    }

    fn get(&self, name: &str) -> Option<&Rc<T>> {
        self.places.get(name).map(|&place| &self.all[place])
    }
}

/// A spec and everything that it imports, parsed.
#[derive(Debug)]
pub struct Library {
    /// Every text that was read.
    pub sources: Sources,
    /// What was wrong with them.
    pub diagnostics: Vec<Diagnostic>,
    units: Vec<Unit>,
    root: usize,
    prelude: usize,
    /// Texts that are read in the place of those under their origins.
    edited: Vec<(Origin, String)>,
}

impl Library {
    /// Reads a spec, its imports and the prelude.
    ///
    /// # Errors
    /// When the spec itself cannot be read; faults inside it, and imports that cannot be read, are diagnostics.
    pub fn load(origin: Origin) -> Result<Library, ReadError> {
        Library::load_edited(origin, Vec::new())
    }

    fn load_edited(origin: Origin, edited: Vec<(Origin, String)>) -> Result<Library, ReadError> {
        let mut library = Library {
            sources: Sources::default(),
            diagnostics: Vec::new(),
            units: Vec::new(),
            root: 0,
            prelude: 0,
            edited,
        };
        library.prelude = library.read_prelude()?;
        library.root = library.read(origin, &mut Vec::new())?;
        Ok(library)
    }

    /// The library again from the texts that were read, with others in the place of some of them.
    ///
    /// # Errors
    /// When the spec itself cannot be read.
    pub(crate) fn edited(&self, texts: &BTreeMap<FileId, String>) -> Result<Library, ReadError> {
        let text = |unit: &Unit| texts.get(&unit.file).unwrap_or(&self.sources.get(unit.file).text).clone();
        let edited = self.units.iter().map(|unit| (unit.origin.clone(), text(unit))).collect();
        Library::load_edited(self.units[self.root].origin.clone(), edited)
    }

    /// Whether a text is the user's to change: none of the zoo's, and no value from outside.
    pub(crate) fn is_own(&self, file: FileId) -> bool {
        self.units.iter().any(|unit| unit.file == file && !matches!(unit.origin, Origin::Zoo(_)))
    }

    /// The prelude is the first text of every library, so that one tree of it serves all libraries of a thread.
    fn read_prelude(&mut self) -> Result<usize, ReadError> {
        thread_local! {
            static PRELUDE: RefCell<Option<Unit>> = const { RefCell::new(None) };
        }
        let origin = Origin::Zoo("prelude".into());
        PRELUDE.with_borrow_mut(|kept| {
            if let Some(unit) = kept {
                self.sources.add(name_of(&origin), None, &text_of(&origin)?);
                self.units.push(unit.clone());
                return Ok(0);
            }
            let prelude = self.read(origin, &mut Vec::new())?;
            *kept = Some(self.units[prelude].clone());
            Ok(prelude)
        })
    }

    fn read(&mut self, origin: Origin, importing: &mut Vec<Origin>) -> Result<usize, ReadError> {
        let identity = identity(&origin);
        if let Some(known) = self.units.iter().position(|unit| unit.identity == identity) {
            return Ok(known);
        }
        let text = match self.edited.iter().find(|(edited, _)| *edited == origin) {
            Some((_, text)) => text.clone(),
            None => text_of(&origin)?,
        };
        if importing.len() > bounds::IMPORTS {
            let reason = format!("imports nest deeper than {}", bounds::IMPORTS);
            return Err(ReadError { name: name_of(&origin), reason });
        }
        let path = match &origin {
            Origin::Path(path) => Some(path.as_path()),
            Origin::Zoo(_) | Origin::Text { .. } => None,
        };
        let file = self.sources.add(name_of(&origin), path, &text);
        let (tree, diagnostics) = syntax::parse(&self.sources, file);
        self.diagnostics.extend(diagnostics);
        importing.push(origin.clone());
        let mut imports: Vec<usize> =
            tree.imports.iter().filter_map(|import| self.import(import, &origin, importing)).collect();
        let mut seen = HashSet::new();
        imports.retain(|import| seen.insert(*import));
        importing.pop();
        self.units.push(Unit {
            origin,
            identity,
            imports,
            file,
            numerics: Rc::new(tree.numerics),
            kinds: Rc::new(Named::new(tree.kinds, |kind| &kind.name.node)),
            networks: Rc::new(Named::new(tree.networks, |network| &network.name.node)),
            allows: tree.allows,
        });
        Ok(self.units.len() - 1)
    }

    fn import(&mut self, import: &Import, from: &Origin, importing: &mut Vec<Origin>) -> Option<usize> {
        let origin = match &import.target {
            ImportTarget::Zoo(name) => Origin::Zoo(name.clone()),
            ImportTarget::Path(path) => {
                let folder = match from {
                    Origin::Path(file) => file.parent().map(Path::to_owned),
                    Origin::Text { folder, .. } => folder.clone(),
                    Origin::Zoo(_) => None,
                };
                Origin::Path(normal(&folder.unwrap_or_default().join(path)))
            }
        };
        let target = identity(&origin);
        if let Some(start) = importing.iter().position(|open| identity(open) == target) {
            let mut names: Vec<String> = importing[start..].iter().map(name_of).collect();
            names.push(name_of(&origin));
            let message = format!("imports form a cycle: {}", names.join(" → "));
            let hint = "move what both need into a file of its own";
            self.diagnostics.push(Diagnostic::error(Code::ImportCycle, import.span, message).hint(hint));
            return None;
        }
        match self.read(origin, importing) {
            Ok(unit) => Some(unit),
            Err(error) => {
                let diagnostic = Diagnostic::error(Code::Import, import.span, error.to_string());
                self.diagnostics.push(match (&import.target, from) {
                    (ImportTarget::Zoo(name), _) => diagnostic.misspelt(name, zoo::names()),
                    (_, Origin::Text { .. }) => {
                        diagnostic.hint("a path in an inline body starts at the root of the package")
                    }
                    _ => diagnostic.hint("a path is taken from the folder of the importing file"),
                });
                None
            }
        }
    }

    /// The architectures of the root text itself.
    pub fn archs(&self) -> impl Iterator<Item = &Rc<Network>> {
        self.units[self.root].networks.all.iter().filter(|network| network.is_arch)
    }

    /// The architectures and blocks of the root text.
    pub fn root_networks(&self) -> &[Rc<Network>] {
        &self.units[self.root].networks.all
    }

    /// What the root text allows as a whole.
    pub fn root_allows(&self) -> &[Allow] {
        &self.units[self.root].allows
    }

    /// The root text.
    pub fn root_file(&self) -> FileId {
        self.units[self.root].file
    }

    /// The architecture asked for, or the only one.
    ///
    /// # Errors
    /// When it is missing, or when there are several to choose from.
    pub fn arch(&self, name: Option<&str>) -> Result<Rc<Network>, Diagnostic> {
        let archs: Vec<&Rc<Network>> = self.archs().collect();
        let names: Vec<&str> = archs.iter().map(|arch| arch.name.node.as_str()).collect();
        let listed = names.join("`, `");
        match (name, archs.as_slice()) {
            (Some(name), _) => {
                archs.iter().find(|arch| arch.name.node == name).map(|arch| Rc::clone(arch)).ok_or_else(|| {
                    let message = format!("there is no `arch {name}` here");
                    let diagnostic = Diagnostic::error(Code::NoArch, None, message).near(name, names.iter().copied());
                    let diagnostic = diagnostic.note(format!("the file holds `{listed}`"));
                    match self.network(self.root_file(), name) {
                        Some(block) if !block.is_arch => {
                            diagnostic.hint(format!("`{name}` is a block: call it `arch` and give its inputs shapes"))
                        }
                        Some(_) => {
                            diagnostic.hint(format!("`{name}` is imported: name the file that holds it instead"))
                        }
                        None => diagnostic,
                    }
                })
            }
            (None, [only]) => Ok(Rc::clone(only)),
            (None, []) => {
                let hint = "write `arch Name { input x: [B, 3, H, W] … output y }`";
                Err(Diagnostic::error(Code::NoArch, None, "the file holds no `arch`").hint(hint))
            }
            (None, _) => {
                let message = format!("the file holds several architectures: `{listed}`");
                Err(Diagnostic::error(Code::NoArch, None, message).hint("choose one with `::Name`"))
            }
        }
    }

    fn visible(&self, file: FileId) -> impl Iterator<Item = &Unit> {
        let own = self.units.iter().find(|unit| unit.file == file);
        let imported = own.into_iter().flat_map(|unit| unit.imports.iter().map(|&import| &self.units[import]));
        own.into_iter().chain(imported).chain(std::iter::once(&self.units[self.prelude]))
    }

    /// The layer kind of a name, as a text sees it: its own, what it imports, the prelude.
    pub fn kind(&self, file: FileId, name: &str) -> Option<&Rc<Kind>> {
        self.visible(file).find_map(|unit| unit.kinds.get(name))
    }

    /// The block or architecture of a name, as a text sees it.
    pub fn network(&self, file: FileId, name: &str) -> Option<&Rc<Network>> {
        self.visible(file).find_map(|unit| unit.networks.get(name))
    }

    /// Every block and architecture of one text.
    pub(crate) fn networks(&self, file: FileId) -> impl Iterator<Item = &Rc<Network>> {
        self.units.iter().filter(move |unit| unit.file == file).flat_map(|unit| &unit.networks.all)
    }

    /// Every kind, block and architecture that a text sees, for near names.
    pub fn names(&self, file: FileId) -> Vec<&str> {
        let kinds = self.visible(file).flat_map(|unit| &unit.kinds.all).map(|kind| kind.name.node.as_str());
        let networks = self.visible(file).flat_map(|unit| &unit.networks.all).map(|network| network.name.node.as_str());
        kinds.chain(networks).collect()
    }

    /// The `numerics` at the top of a text.
    pub fn numerics(&self, file: FileId) -> Rc<Vec<syntax::ast::Argument>> {
        self.units.iter().find(|unit| unit.file == file).map(|unit| unit.numerics.clone()).unwrap_or_default()
    }

    /// Definitions of one text that share a name.
    pub(crate) fn duplicates(&self) -> Vec<(String, Span, Span)> {
        let mut found = Vec::new();
        for unit in &self.units {
            let kinds = unit.kinds.all.iter().map(|kind| &kind.name);
            let mut first = HashMap::new();
            for name in kinds.chain(unit.networks.all.iter().map(|network| &network.name)) {
                let first = *first.entry(name.node.as_str()).or_insert(name.span);
                if first != name.span {
                    found.push((name.node.clone(), first, name.span));
                }
            }
        }
        found
    }
}

fn too_long() -> String {
    format!("it holds more than {} MiB; split it into files that import one another", bounds::TEXT >> 20)
}

/// A path without `.` and `..`, so that one file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// What tells texts apart: of a file its path without links, where it can be had.
fn identity(origin: &Origin) -> Origin {
    match origin {
        Origin::Path(path) => Origin::Path(path.canonicalize().unwrap_or_else(|_| path.clone())),
        other => other.clone(),
    }
}

fn name_of(origin: &Origin) -> String {
    match origin {
        Origin::Path(path) => path.display().to_string(),
        Origin::Zoo(name) => format!("zoo::{name}"),
        Origin::Text { name, .. } => name.clone(),
    }
}

/// The characters of a text.
fn text_of(origin: &Origin) -> Result<String, ReadError> {
    let name = name_of(origin);
    let fail = |reason: String| ReadError { name: name.clone(), reason };
    match origin {
        Origin::Text { text, .. } if text.len() > bounds::TEXT => Err(fail(too_long())),
        Origin::Text { text, .. } => Ok(text.clone()),
        Origin::Zoo(spec) => {
            let known = zoo::names().chain(std::iter::once("prelude"));
            let text = zoo::text(spec).ok_or_else(|| match nearest(spec, known) {
                Some(near) => fail(format!("the zoo has no such spec; did you mean `{near}`?")),
                None => fail("the zoo has no such spec; `neckar zoo` lists them".into()),
            })?;
            Ok(text.to_owned())
        }
        Origin::Path(path) => {
            let mut bytes = Vec::new();
            // One byte more than there may be tells that there are more, also where the end is never reached.
            let read = File::open(path).and_then(|file| file.take(bounds::TEXT as u64 + 1).read_to_end(&mut bytes));
            read.map_err(|error| fail(error.to_string()))?;
            if bytes.len() > bounds::TEXT {
                return Err(fail(too_long()));
            }
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                fail(format!("it is not UTF-8 text: byte {at} starts no character; save it as UTF-8"))
            })?;
            Ok(text)
        }
    }
}
