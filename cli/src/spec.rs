//! The SPEC argument, and from it a checked graph.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use neckar_spec::check::Checked;
use neckar_spec::diagnostics::{Code, Diagnostic, Severity, nearest};
use neckar_spec::source::Span;
use neckar_spec::{Compilation, Library, Origin, compile, zoo};

use crate::failure::{Exit, Failure};
use crate::files::{arch_files, is_pattern};
use crate::terminal::Terminal;

/// `PATH`, `NAME`, `PATH::Arch` or `NAME::Arch`; where several specs are taken, the path may be that of a folder or a pattern.
#[derive(Clone, Debug)]
pub struct SpecArgument {
    /// The argument without the architecture.
    pub text: String,
    /// The architecture behind `::`.
    pub arch: Option<String>,
    origin: Origin,
}

impl FromStr for SpecArgument {
    type Err = String;

    fn from_str(argument: &str) -> Result<SpecArgument, String> {
        // Messages name a spec of the zoo `zoo::fpn`, so that form is read too.
        let argument = argument.strip_prefix("zoo::").unwrap_or(argument);
        let (text, arch) = match argument.rsplit_once("::") {
            Some((text, arch)) => (text, Some(arch.to_owned())),
            None => (argument, None),
        };
        let is_path = text.contains(['/', '\\']) || Path::new(text).extension().is_some_and(|ext| ext == "arch");
        let is_several = zoo::text(text).is_none() && (is_pattern(text) || Path::new(text).is_dir());
        let origin = if is_path || is_several {
            Origin::Path(text.into())
        } else if zoo::text(text).is_some() {
            Origin::Zoo(text.to_owned())
        } else {
            return Err(no_such_spec(text));
        };
        Ok(SpecArgument { text: text.to_owned(), origin, arch })
    }
}

/// Why a word names no spec, and what was meant.
pub fn no_such_spec(name: &str) -> String {
    let hint = match nearest(name, zoo::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if Path::new(name).exists() => format!("to read the file write `./{name}`"),
        None => "`neckar zoo` lists them; a path holds a `/` or ends in `.arch`".to_owned(),
    };
    format!("the zoo has no spec `{name}`; {hint}")
}

impl SpecArgument {
    /// An argument whose path starts at a folder.
    pub fn below(folder: &Path, argument: &str) -> Result<SpecArgument, String> {
        let spec: SpecArgument = argument.parse()?;
        Ok(match &spec.origin {
            Origin::Path(path) => {
                let path = folder.join(path.strip_prefix(".").unwrap_or(path));
                SpecArgument { text: path.display().to_string(), arch: spec.arch, origin: Origin::Path(path) }
            }
            Origin::Zoo(_) | Origin::Text { .. } => spec,
        })
    }

    /// Where the spec lies; one of the zoo lies nowhere, and counts as of the current folder.
    pub fn folder(&self) -> PathBuf {
        let folder = match &self.origin {
            Origin::Path(path) => path.parent().filter(|folder| !folder.as_os_str().is_empty()),
            Origin::Zoo(_) | Origin::Text { .. } => None,
        };
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// Whether two arguments stand for one network, however they write its path.
    pub fn is_same(&self, other: &SpecArgument) -> bool {
        let same_text = match (&self.origin, &other.origin) {
            (Origin::Path(a), Origin::Path(b)) => {
                matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
            }
            (a, b) => a == b,
        };
        same_text && self.arch == other.arch
    }

    /// The spec with what it imports, for settings that name each parameter once.
    pub fn library(&self, settings: &[(String, String)]) -> Result<Library, Failure> {
        for (i, (name, _)) in settings.iter().enumerate() {
            if settings[..i].iter().any(|(other, _)| other == name) {
                return Err(Failure::usage(format!("`--set {name}` is given twice")));
            }
        }
        Ok(Library::load(self.origin.clone())?)
    }

    /// What came of the spec; fails only where it cannot be read.
    pub fn compile(&self, settings: &[(String, String)]) -> Result<Compiled, Failure> {
        let library = self.library(settings)?;
        let root = Root::of(&library, self.arch.as_deref());
        Ok(Compiled::new(compile(library, self.arch.as_deref(), settings), root))
    }

    /// The argument once for each network that it stands for: every architecture of every file, or the named one. A file that
    /// cannot be read is a failure in its place. Of a folder or a pattern only the files count that hold an architecture,
    /// or the named one; the others are there to be imported.
    pub fn networks(&self) -> Vec<Result<SpecArgument, Failure>> {
        let files = match self.files() {
            Ok(files) => files,
            Err(failure) => return vec![Err(failure)],
        };
        let is_choice = !matches!(files.as_slice(), [file] if file.origin == self.origin);
        let is_wanted = |names: &[String]| match &self.arch {
            Some(arch) => names.contains(arch),
            None => !names.is_empty(),
        };
        let mut networks = Vec::new();
        for file in files {
            match file.arch_names() {
                Err(failure) => networks.push(Err(failure)),
                Ok(Some(names)) if is_choice && !is_wanted(&names) => {}
                Ok(Some(names)) if self.arch.is_none() && is_wanted(&names) => {
                    let network = |name| Ok(SpecArgument { arch: Some(name), ..file.clone() });
                    networks.extend(names.into_iter().map(network));
                }
                // What is wrong with it, or with the name, the compiler says best.
                Ok(_) => networks.push(Ok(file)),
            }
        }
        if networks.is_empty() {
            let arch = self.arch.as_ref().map_or_else(|| "an architecture".to_owned(), |arch| format!("`arch {arch}`"));
            let message = format!("no `.arch` file of `{}` holds {arch}", self.text);
            networks.push(Err(Failure::incomplete(message)));
        }
        networks
    }

    fn files(&self) -> Result<Vec<SpecArgument>, Failure> {
        let Origin::Path(path) = &self.origin else { return Ok(vec![self.clone()]) };
        let of = |path: PathBuf| SpecArgument {
            text: path.display().to_string(),
            arch: self.arch.clone(),
            origin: Origin::Path(path),
        };
        Ok(arch_files(path)?.into_iter().map(of).collect())
    }

    /// The names of its architectures; none where faults of syntax may hide some.
    fn arch_names(&self) -> Result<Option<Vec<String>>, Failure> {
        let library = Library::load(self.origin.clone())?;
        let broken = library.diagnostics.iter().any(is_error);
        Ok((!broken).then(|| library.archs().map(|arch| arch.name.node.clone()).collect()))
    }

    /// The checked graph; what is found is shown.
    pub fn checked(&self, settings: &[(String, String)], terminal: &Terminal) -> Result<Checked, Failure> {
        self.compile(settings)?.checked(terminal)
    }

    /// Whether it is one of the zoo, which is no file.
    pub fn is_of_zoo(&self) -> bool {
        matches!(self.origin, Origin::Zoo(_))
    }

    /// What a file made from the spec is called.
    pub fn stem(&self) -> String {
        let stem = Path::new(&self.text).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        stem.unwrap_or_else(|| self.text.clone())
    }
}

/// What there is to choose from in a spec, and what was chosen.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// Whether there are architectures.
    has_archs: bool,
    /// The name of the one to be compiled.
    name: Option<Span>,
}

impl Root {
    /// Of a spec and the architecture that was asked for.
    pub fn of(library: &Library, arch: Option<&str>) -> Root {
        let has_archs = library.archs().next().is_some();
        Root { has_archs, name: library.arch(arch).ok().map(|arch| arch.name.span) }
    }

    /// Whether a finding is that a parameter of the network itself has no value.
    fn lacks_setting(&self, diagnostic: &Diagnostic) -> bool {
        diagnostic.code == Code::MissingArgument && diagnostic.span.is_some() && diagnostic.span == self.name
    }
}

/// What came of a spec.
#[derive(Debug)]
pub struct Compiled {
    /// What the front end gave.
    pub compilation: Compilation,
    root: Root,
}

impl Compiled {
    /// Hints for a caller that is no other network speak of the command line.
    pub fn new(mut compilation: Compilation, root: Root) -> Compiled {
        let sources = &compilation.sources;
        for diagnostic in compilation.diagnostics.iter_mut().filter(|diagnostic| root.lacks_setting(diagnostic)) {
            let name = diagnostic.related.first().map_or("NAME", |&(span, _)| sources.snippet(span));
            diagnostic.hints = vec![format!("give it a value: `--set {name}=…`")];
        }
        Compiled { compilation, root }
    }

    /// The checked graph; what is found is shown, failed expectations as warnings.
    pub fn checked(self, terminal: &Terminal) -> Result<Checked, Failure> {
        let Compilation { sources, diagnostics, .. } = &self.compilation;
        terminal.diagnostics(sources, diagnostics);
        let mut failed = self.compilation.failed_expectations();
        for diagnostic in &mut failed {
            diagnostic.severity = Severity::Warning;
        }
        terminal.diagnostics(sources, &failed);
        let exit = self.exit();
        self.compilation.checked.ok_or(Failure::Reported(exit))
    }

    /// What errors exit with, by whose fault they are: that of the command line or that of the spec.
    pub fn exit(&self) -> Exit {
        match self.compilation.diagnostics.iter().any(is_error) {
            false => Exit::Clean,
            true if self.is_misused() => Exit::Usage,
            true => Exit::Findings,
        }
    }

    /// Whether an error is the fault of the command line, which names parameters, their values and the architecture.
    pub fn is_misused(&self) -> bool {
        let Compilation { sources, diagnostics, .. } = &self.compilation;
        let from_command_line = |diagnostic: &Diagnostic| {
            let source = diagnostic.span.map(|span| sources.get(span.file));
            source.is_some_and(|source| source.path.is_none() && source.name.starts_with("--set "))
                || (diagnostic.code == Code::NoArch && self.root.has_archs)
                || self.root.lacks_setting(diagnostic)
        };
        diagnostics.iter().any(|diagnostic| is_error(diagnostic) && from_command_line(diagnostic))
    }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}
