//! The SPEC argument, and from it a checked graph.

use std::path::Path;
use std::str::FromStr;

use neckar_spec::check::Checked;
use neckar_spec::diagnostics::{Code, Diagnostic, Severity, nearest};
use neckar_spec::{Compilation, Library, Origin, compile, zoo};

use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// `PATH`, `NAME`, `PATH::Arch` or `NAME::Arch`.
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
        let origin = if is_path {
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
        let has_archs = library.archs().next().is_some();
        let compilation = compile(library, self.arch.as_deref(), settings);
        Ok(Compiled { compilation, has_archs })
    }

    /// The argument once for each architecture that it may stand for.
    pub fn each(&self) -> Result<Vec<SpecArgument>, Failure> {
        let library = Library::load(self.origin.clone())?;
        let names: Vec<String> = library.archs().map(|arch| arch.name.node.clone()).collect();
        let broken = library.diagnostics.iter().any(is_error);
        if self.arch.is_some() || names.len() < 2 || broken {
            return Ok(vec![self.clone()]);
        }
        Ok(names.into_iter().map(|name| SpecArgument { arch: Some(name), ..self.clone() }).collect())
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

/// What came of a spec.
#[derive(Debug)]
pub struct Compiled {
    /// What the front end gave.
    pub compilation: Compilation,
    /// Whether there are architectures to choose from.
    pub has_archs: bool,
}

impl Compiled {
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

    /// Whose fault an error is: that of the command line, which names parameters, their values and the architecture, or
    /// that of the spec.
    pub fn exit(&self) -> Exit {
        let Compilation { sources, diagnostics, .. } = &self.compilation;
        let from_command_line = |diagnostic: &Diagnostic| {
            let source = diagnostic.span.map(|span| sources.get(span.file));
            source.is_some_and(|source| source.path.is_none() && source.name.starts_with("--set "))
                || (diagnostic.code == Code::NoArch && self.has_archs)
        };
        let mut errors = diagnostics.iter().filter(|diagnostic| is_error(diagnostic)).peekable();
        if errors.peek().is_none() {
            return Exit::Clean;
        }
        if errors.any(from_command_line) { Exit::Usage } else { Exit::Findings }
    }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}
