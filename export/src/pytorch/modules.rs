//! The modules of a class, nested as the checkpoint names nest.

use std::collections::BTreeSet;

use neckar_spec::program::{Epilogue, Instr, Program, Step, WeightId};

use super::Error;
use super::classes::Piece;
use super::forward::reads;
use super::init::{Kind, Weighted, initialise};
use super::instances::Instance;
use super::sequential::sequential;

/// Names of `torch.nn.Module` that forward passes, loading and saving rely on.
const RESERVED: &[&str] = &[
    "apply",
    "buffers",
    "call_super_init",
    "children",
    "cpu",
    "cuda",
    "eval",
    "forward",
    "get_submodule",
    "load_state_dict",
    "modules",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "register_buffer",
    "register_module",
    "register_parameter",
    "requires_grad_",
    "state_dict",
    "to",
    "train",
    "training",
    "type",
    "zero_grad",
];

/// Names of the containers that modules below a name are in, and those of `torch.nn.Module` that a part may well be called.
const RESERVED_BELOW: &[&str] = &[
    "append", "clear", "compile", "double", "extend", "float", "half", "insert", "items", "keys", "pop", "update",
    "values",
];

/// What a weight without a module of its own is.
const PARAMETER: &str = "nn.Parameter";

/// A module, or those below a name.
#[derive(Debug)]
pub(super) enum Tree {
    /// A module, how it is made, and what checkpoint names put into it that its class does not have.
    Module(Vec<Piece>, Vec<(String, Tree)>),
    /// Modules by their names.
    Below(Vec<(String, Tree)>),
}

impl Tree {
    /// Those below it by name.
    fn below(&self) -> &[(String, Tree)] {
        match self {
            Tree::Module(_, below) | Tree::Below(below) => below,
        }
    }

    fn below_mut(&mut self) -> &mut Vec<(String, Tree)> {
        match self {
            Tree::Module(_, below) | Tree::Below(below) => below,
        }
    }
}

/// The modules of a class.
#[derive(Debug)]
pub(super) struct Modules {
    tree: Vec<(String, Tree)>,
    /// The paths of groups that are applied as a whole.
    sequential: BTreeSet<String>,
    /// Statements that give weights their first values.
    inits: Vec<String>,
}

/// The modules that the steps of one of the instances use.
pub(super) fn modules(program: &Program, instances: &[Instance], instance: &Instance) -> Result<Modules, Error> {
    let mut modules = Modules { tree: Vec::new(), sequential: BTreeSet::new(), inits: Vec::new() };
    let mut weighted: Vec<Weighted> = Vec::new();
    let body = &program.bodies[instance.body];
    for (step, call) in body.steps.iter().zip(&instance.calls) {
        if let Some((index, path)) = call {
            modules.add(path, vec![Piece::Instance { index: *index, module: path.clone() }])?;
            continue;
        }
        let Step::Run { instr, epilogue, args, .. } = step else { continue };
        let rank = args.first().map_or(0, |&slot| instance.ranks[slot as usize]);
        let mut add = |weight: WeightId, pieces: Vec<Piece>, kinds: &[(WeightId, Kind)]| {
            let class = class(&pieces);
            let name = &instance.weights[weight as usize];
            // A parameter is no part of a module of its own.
            let path = if class == PARAMETER { name } else { module_of(name) };
            if modules.add(path, pieces)? {
                for (id, kind) in kinds {
                    let at = *id as usize;
                    let shape = instance.weight_shapes[at].clone();
                    weighted.push(Weighted {
                        name: instance.weights[at].clone(),
                        class: class.clone(),
                        init: instance.inits[at],
                        shape,
                        kind: *kind,
                    });
                }
            }
            Ok(())
        };
        match instr {
            Instr::Conv(conv) => {
                let shape = &instance.weight_shapes[conv.weight as usize];
                let module = module_of(&instance.weights[conv.weight as usize]);
                let pieces = conv_pieces(module, conv, shape);
                let kinds = [(conv.weight, Kind::Weight), (conv.bias.unwrap_or(conv.weight), Kind::Bias)];
                add(conv.weight, pieces, &kinds[..1 + usize::from(conv.bias.is_some())])?;
            }
            Instr::TransposedConv { channels, stride, weight, bias } => {
                let name = stem(module_of(&instance.weights[*weight as usize]));
                let inputs = instance.weight_shapes[*weight as usize][0];
                let mut pieces = vec![Piece::text("nn.ConvTranspose2d("), Piece::value(format!("{name}_in"), inputs)];
                pieces.extend([Piece::text(", "), Piece::value(format!("{name}_out"), channels)]);
                pieces.extend([Piece::text(", kernel_size="), Piece::value(format!("{name}_stride"), stride)]);
                pieces.extend([Piece::text(", stride="), Piece::value(format!("{name}_stride"), stride)]);
                pieces.push(Piece::text(if bias.is_some() { ")" } else { ", bias=False)" }));
                let kinds = [(*weight, Kind::Transposed), (bias.unwrap_or(*weight), Kind::TransposedBias)];
                add(*weight, pieces, &kinds[..1 + usize::from(bias.is_some())])?;
            }
            Instr::Gemm { features, weight, bias } => {
                let name = stem(module_of(&instance.weights[*weight as usize]));
                let inputs = instance.weight_shapes[*weight as usize][1];
                let class = if rank == 2 { "nn.Linear(" } else { "TokenLinear(" };
                let mut pieces = vec![Piece::text(class), Piece::value(format!("{name}_in"), inputs)];
                pieces.extend([Piece::text(", "), Piece::value(format!("{name}_out"), features)]);
                pieces.push(Piece::text(if bias.is_some() { ")" } else { ", bias=False)" }));
                let kinds = [(*weight, Kind::Weight), (bias.unwrap_or(*weight), Kind::Bias)];
                add(*weight, pieces, &kinds[..1 + usize::from(bias.is_some())])?;
            }
            Instr::WeightedSum { weight, .. } => {
                let operands = instance.weight_shapes[*weight as usize][0];
                let pieces = vec![Piece::text(format!("{PARAMETER}(torch.ones({operands}))"))];
                add(*weight, pieces, &[(*weight, Kind::One)])?;
            }
            Instr::LayerNorm { eps, weight, bias } => {
                let pieces = channel_pieces(instance, "ChannelNorm(", *weight, Some(*eps));
                add(*weight, pieces, &[(*weight, Kind::One), (*bias, Kind::Zero)])?;
            }
            Instr::Learned { channels, count, weight } => {
                let name = stem(&instance.weights[*weight as usize]);
                let pieces = vec![
                    Piece::text(format!("{PARAMETER}(torch.zeros(1, ")),
                    Piece::value(format!("{name}_count"), count),
                    Piece::text(", "),
                    Piece::value(format!("{name}_channels"), channels),
                    Piece::text("))"),
                ];
                add(*weight, pieces, &[(*weight, Kind::Zero)])?;
            }
            Instr::GroupNorm { groups, eps, weight, bias } => {
                let made = format!("nn.GroupNorm({groups}, ");
                let pieces = channel_pieces(instance, &made, *weight, Some(*eps));
                add(*weight, pieces, &[(*weight, Kind::One), (*bias, Kind::Zero)])?;
            }
            _ => {}
        }
        for post in epilogue {
            if let Epilogue::LayerScale { weight } = post {
                add(*weight, channel_pieces(instance, "LayerScale(", *weight, None), &[(*weight, Kind::One)])?;
            }
            let Epilogue::Norm(norm) = post else { continue };
            let class = if rank == 4 { "nn.BatchNorm2d(" } else { "nn.BatchNorm1d(" };
            let pieces = channel_pieces(instance, class, norm.weight, Some(norm.eps));
            add(norm.weight, pieces, &[(norm.weight, Kind::One), (norm.bias, Kind::Zero)])?;
        }
    }
    for (name, tree) in &modules.tree {
        hold_apart(name, tree, instances)?;
    }
    sort_lists(&mut modules.tree);
    let mut groups = Vec::new();
    for (name, tree) in &modules.tree {
        flat_groups(name, tree, &mut groups);
    }
    modules.sequential = sequential(body, instance, &groups, &reads(body));
    let whole = instance.height == 0;
    modules.inits = initialise(&weighted, whole, &|path| modules.access(path));
    Ok(modules)
}

/// `nn.Conv2d` of what makes one.
fn class(pieces: &[Piece]) -> String {
    let Some(Piece::Text(text)) = pieces.first() else { return String::new() };
    text.split('(').next().unwrap_or_default().to_owned()
}

/// What is made of a number of channels, that of a weight, and an eps.
fn channel_pieces(instance: &Instance, made: &str, weight: WeightId, eps: Option<f32>) -> Vec<Piece> {
    let name = stem(module_of(&instance.weights[weight as usize]));
    let channels = instance.weight_shapes[weight as usize][0];
    // PyTorch's own default is left out.
    let eps = eps.filter(|eps| *eps != 1e-5).map_or(String::new(), |eps| format!(", eps={eps:e}"));
    vec![Piece::text(made), Piece::value(format!("{name}_channels"), channels), Piece::Text(eps + ")")]
}

/// `conv1` of `conv1.weight`.
fn module_of(weight: &str) -> &str {
    weight.rsplit_once('.').map_or(weight, |(module, _)| module)
}

/// What a module's numbers are called after.
fn stem(module: &str) -> String {
    module.replace('.', "_")
}

fn conv_pieces(module: &str, conv: &neckar_spec::program::Convolution, shape: &[usize]) -> Vec<Piece> {
    let name = stem(module);
    let mut pieces = vec![Piece::text("nn.Conv2d(")];
    let mut number = |before: &str, what: &str, value: String| {
        pieces.extend([Piece::text(before), Piece::value(format!("{name}_{what}"), value)]);
    };
    number("", "in", (shape[1] * conv.groups).to_string());
    number(", ", "out", conv.channels.to_string());
    number(", kernel_size=", "kernel", pair(conv.kernel));
    for (keyword, value, default) in [
        ("stride", pair(conv.stride), "1"),
        ("padding", pair(conv.padding), "0"),
        ("dilation", pair(conv.dilation), "1"),
        ("groups", conv.groups.to_string(), "1"),
    ] {
        pieces.push(Piece::Keyword { name: format!("{name}_{keyword}"), keyword, value, default });
    }
    pieces.push(Piece::text(if conv.bias.is_some() { ")" } else { ", bias=False)" }));
    pieces
}

/// One number for both axes where they agree.
pub(super) fn pair([rows, columns]: [usize; 2]) -> String {
    if rows == columns { rows.to_string() } else { format!("({rows}, {columns})") }
}

/// Whether a name can follow `self.`.
fn is_attribute(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_') && !super::forward::KEYWORDS.contains(&name)
}

/// Refuses what checkpoint names put into a module of PyTorch's, or in place of a part of a class.
fn hold_apart(path: &str, tree: &Tree, instances: &[Instance]) -> Result<(), Error> {
    if let Tree::Module(made, within) = tree
        && let Some((name, _)) = within.iter().find(|(name, _)| match made.as_slice() {
            [Piece::Instance { index, .. }] => {
                let Instance { weights, calls, .. } = &instances[*index];
                let calls = calls.iter().flatten().map(|(_, path)| path);
                weights.iter().chain(calls).any(|own| own.split('.').next() == Some(name))
            }
            _ => true,
        })
    {
        return Err(Error::Nested(path.to_owned(), format!("{path}.{name}")));
    }
    tree.below().iter().try_for_each(|(name, tree)| hold_apart(&format!("{path}.{name}"), tree, instances))
}

/// Puts modules that are called by their positions into the order of these.
fn sort_lists(below: &mut [(String, Tree)]) {
    if below.iter().all(|(name, _)| name.parse::<usize>().is_ok()) {
        below.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or(usize::MAX));
    }
    for (_, tree) in below {
        sort_lists(tree.below_mut());
    }
}

/// The paths of what holds nothing but modules, with the names of these.
fn flat_groups(path: &str, tree: &Tree, groups: &mut Vec<(String, Vec<String>)>) {
    let below = tree.below();
    let named = is_list(below) || below.iter().all(|(name, _)| is_attribute(name));
    let holds = matches!(tree, Tree::Below(_))
        && below.iter().all(|(_, tree)| matches!(tree, Tree::Module(_, within) if within.is_empty()));
    if named && holds {
        groups.push((path.to_owned(), below.iter().map(|(name, _)| name.clone()).collect()));
    }
    for (name, tree) in below {
        flat_groups(&format!("{path}.{name}"), tree, groups);
    }
}

/// Whether names are the positions 0, 1, 2, ….
fn is_list(below: &[(String, Tree)]) -> bool {
    below.iter().enumerate().all(|(at, (name, _))| *name == at.to_string())
}

impl Modules {
    /// Adds a module; false where the same one is there already, since a layer may be applied twice.
    fn add(&mut self, path: &str, pieces: Vec<Piece>) -> Result<bool, Error> {
        let mut below = &mut self.tree;
        let mut names = path.split('.').peekable();
        let mut reached = String::new();
        while let Some(name) = names.next() {
            if RESERVED.contains(&name) || !reached.is_empty() && RESERVED_BELOW.contains(&name) {
                return Err(Error::Reserved(name.to_owned()));
            }
            reached = if reached.is_empty() { name.to_owned() } else { format!("{reached}.{name}") };
            let at = below.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                let more = names.peek().is_some();
                let tree = if more { Tree::Below(Vec::new()) } else { Tree::Module(Vec::new(), Vec::new()) };
                below.push((name.to_owned(), tree));
                below.len() - 1
            });
            let tree = &mut below[at].1;
            if names.peek().is_some() {
                below = tree.below_mut();
                continue;
            }
            return Ok(match tree {
                Tree::Module(made, _) if !made.is_empty() => false,
                Tree::Module(_, within) | Tree::Below(within) => {
                    *tree = Tree::Module(pieces, std::mem::take(within));
                    true
                }
            });
        }
        Ok(false)
    }

    /// The group that a module is a member of where that is applied as a whole, and whether it is the last member.
    pub fn in_sequence<'p>(&self, path: &'p str) -> Option<(&'p str, bool)> {
        let (group, member) = path.rsplit_once('.')?;
        let last = || matches!(self.find(group), Some(Tree::Below(below)) if below.last().is_some_and(|(name, _)| name == member));
        self.sequential.contains(group).then(|| (group, last()))
    }

    fn find(&self, path: &str) -> Option<&Tree> {
        let mut below = self.tree.as_slice();
        let mut found = None;
        for name in path.split('.') {
            let tree = below.iter().find(|(known, _)| known == name).map(|(_, tree)| tree)?;
            below = tree.below();
            found = Some(tree);
        }
        found
    }

    /// The expression of a module: `self.layer1[0]`, `self.fpn.inner_blocks[2]`.
    pub fn access(&self, path: &str) -> String {
        let mut text = "self".to_owned();
        let mut below = self.tree.as_slice();
        let mut of_a_class = true;
        for name in path.split('.') {
            match (of_a_class, is_list(below)) {
                (false, true) => text.push_str(&format!("[{name}]")),
                _ if is_attribute(name) => text.push_str(&format!(".{name}")),
                (true, _) => text = format!("getattr({text}, \"{name}\")"),
                (false, false) => text.push_str(&format!("[\"{name}\"]")),
            }
            let found = below.iter().find(|(known, _)| known == name);
            of_a_class = matches!(found, Some((_, Tree::Module(..))));
            below = found.map_or(&[], |(_, tree)| tree.below());
        }
        text
    }

    /// The statements of `__init__`.
    pub fn definitions(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (name, tree) in &self.tree {
            let start = if is_attribute(name) {
                format!("        self.{name} = ")
            } else {
                format!("        self.add_module(\"{name}\", ")
            };
            pieces.push(Piece::Text(start));
            self.write(name, tree, 2, &mut pieces);
            pieces.push(Piece::text(if is_attribute(name) { "\n" } else { ")\n" }));
        }
        for (name, tree) in &self.tree {
            self.put_within(name, tree, &mut pieces);
        }
        pieces.extend(self.inits.iter().map(|statement| Piece::text(format!("        {statement}\n"))));
        pieces
    }

    /// The statements that put modules into others.
    fn put_within(&self, path: &str, tree: &Tree, pieces: &mut Vec<Piece>) {
        for (name, inner) in tree.below() {
            let below = format!("{path}.{name}");
            if matches!(tree, Tree::Module(..)) {
                pieces.push(Piece::Text(format!("        {}.add_module(\"{name}\", ", self.access(path))));
                self.write(&below, inner, 2, pieces);
                pieces.push(Piece::text(")\n"));
            }
            self.put_within(&below, inner, pieces);
        }
    }

    fn write(&self, path: &str, tree: &Tree, depth: usize, pieces: &mut Vec<Piece>) {
        let below = match tree {
            Tree::Module(made, _) => return pieces.extend(made.iter().cloned()),
            Tree::Below(below) => below,
        };
        let list = is_list(below);
        let holds = |(_, tree): &(String, Tree)| matches!(tree, Tree::Module(made, _) if class(made) == PARAMETER);
        let (open, close) = match (list, self.sequential.contains(path)) {
            // The containers of `torch.nn` that are called by names hold modules alone.
            (false, _) if below.iter().any(holds) => (" Group(", ")"),
            (true, true) => ("nn.Sequential(", ")"),
            (true, false) => ("nn.ModuleList([", "])"),
            (false, true) => ("nn.Sequential(OrderedDict(", "))"),
            (false, false) => ("nn.ModuleDict({", "})"),
        };
        pieces.push(Piece::text(open));
        // A single module stays on the line.
        let single = list && matches!(below.as_slice(), [(_, Tree::Module(..))]);
        for (name, tree) in below {
            let indent = if single { String::new() } else { format!("\n{}", "    ".repeat(depth + 1)) };
            pieces.push(Piece::Text(match close {
                "})" => format!("{indent}\"{name}\": "),
                "))" => format!("{indent}{name}="),
                ")" if !list => format!("{indent}{name}="),
                _ => indent,
            }));
            self.write(&format!("{path}.{name}"), tree, depth + 1, pieces);
            pieces.push(Piece::text(if single { "" } else { "," }));
        }
        pieces.push(Piece::Text(if single { close.into() } else { format!("\n{}{close}", "    ".repeat(depth)) }));
    }
}
