//! Classes out of instances: what differs in numbers only becomes one class with arguments.

use std::collections::BTreeMap;

use neckar_spec::program::Program;

use super::Error;
use super::forward::forward;
use super::inputs::{InputNames, input_names};
use super::instances::Instance;
use super::modules::modules;

/// A part of a class's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// The same in every instance of a class.
    Text(String),
    /// A number that instances may differ in, and what an argument for it would be called.
    Value { name: String, value: String },
    /// A number given by a keyword, which is left out where it is the default in all instances.
    Keyword { name: String, keyword: &'static str, value: String, default: &'static str },
    /// The making of an instance, and the module that it becomes.
    Instance { index: usize, module: String },
}

impl Piece {
    pub fn text(text: impl Into<String>) -> Piece {
        Piece::Text(text.into())
    }

    pub fn value(name: impl Into<String>, value: impl ToString) -> Piece {
        Piece::Value { name: name.into(), value: value.to_string() }
    }

    /// What an argument for its number would be called, and the number.
    fn number(&self) -> Option<(&str, &str)> {
        match self {
            Piece::Value { name, value } | Piece::Keyword { name, value, .. } => Some((name, value)),
            Piece::Text(_) | Piece::Instance { .. } => None,
        }
    }
}

/// How an instance is made: its class and the arguments, by their names.
struct Making {
    class: String,
    arguments: Vec<(String, String)>,
}

/// The texts of all classes, those that others use first.
pub(super) fn classes(program: &Program, instances: &[Instance]) -> Result<Vec<String>, Error> {
    let inputs = input_names(program);
    let mut makings: BTreeMap<usize, Making> = BTreeMap::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut texts = Vec::new();
    let highest = instances.iter().map(|instance| instance.height).max().unwrap_or(0);
    for height in 0..=highest {
        let mut groups: Vec<(Vec<usize>, Vec<Vec<Piece>>)> = Vec::new();
        for (index, instance) in instances.iter().enumerate().filter(|(_, instance)| instance.height == height) {
            let template = template(program, instances, instance, &makings, &inputs)?;
            let alike = |others: &[Vec<Piece>], first: usize| {
                program.bodies[instances[first].body].name == program.bodies[instance.body].name
                    && same_text(&others[0], &template)
            };
            match groups.iter_mut().find(|(members, templates)| alike(templates, members[0])) {
                Some((members, templates)) => {
                    members.push(index);
                    templates.push(template);
                }
                None => groups.push((vec![index], vec![template])),
            }
        }
        for (members, templates) in groups {
            let body = &program.bodies[instances[members[0]].body];
            let count = names.entry(body.name.clone()).or_insert(0);
            *count += 1;
            let class = if *count == 1 { body.name.clone() } else { format!("{}{count}", body.name) };
            let arguments = arguments(&templates);
            for (member, &index) in members.iter().enumerate() {
                let own = arguments.iter().map(|argument| (argument.name.clone(), argument.values[member].clone()));
                makings.insert(index, Making { class: class.clone(), arguments: own.collect() });
            }
            texts.push(write(&class, &arguments, &templates[0]));
        }
    }
    Ok(texts)
}

/// An instance's class body, with the numbers of the instances inside it among its own.
fn template(
    program: &Program,
    instances: &[Instance],
    instance: &Instance,
    makings: &BTreeMap<usize, Making>,
    inputs: &InputNames,
) -> Result<Vec<Piece>, Error> {
    let tree = modules(program, instances, instance)?;
    let mut pieces = tree.definitions();
    pieces.push(Piece::text("\n"));
    pieces.push(Piece::Text(forward(program, instance, &tree, inputs)));
    let expand = |piece: Piece| match piece {
        Piece::Instance { index, module } => {
            let making = &makings[&index];
            let mut made = vec![Piece::text(format!("{}(", making.class))];
            for (at, (name, value)) in making.arguments.iter().enumerate() {
                made.push(Piece::Text(format!("{}{name}=", if at == 0 { "" } else { ", " })));
                made.push(Piece::value(format!("{}_{name}", identifier(&module)), value));
            }
            made.push(Piece::text(")"));
            made
        }
        piece => vec![piece],
    };
    Ok(pieces.into_iter().flat_map(expand).collect())
}

/// `layer1.0` as a part of a Python name.
fn identifier(module: &str) -> String {
    module.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// Whether two templates differ in numbers only.
fn same_text(a: &[Piece], b: &[Piece]) -> bool {
    let same = |(a, b): (&Piece, &Piece)| match (a.number(), b.number()) {
        (Some((a, _)), Some((b, _))) => a == b,
        _ => a == b,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// An argument of a class: the numbers that it stands for, an instance each.
struct Argument {
    name: String,
    values: Vec<String>,
    /// Where in the template it stands.
    places: Vec<usize>,
}

/// Numbers that are not the same in all instances; those that always agree share an argument.
fn arguments(templates: &[Vec<Piece>]) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for (place, piece) in templates[0].iter().enumerate() {
        let Some((name, _)) = piece.number() else { continue };
        let value = |template: &Vec<Piece>| template[place].number().map_or("", |(_, value)| value).to_owned();
        let values: Vec<String> = templates.iter().map(value).collect();
        if values.iter().all(|value| *value == values[0]) {
            continue;
        }
        match arguments.iter_mut().find(|argument| argument.values == values) {
            Some(argument) => argument.places.push(place),
            None => arguments.push(Argument { name: name.to_owned(), values, places: vec![place] }),
        }
    }
    arguments
}

fn write(class: &str, arguments: &[Argument], template: &[Piece]) -> String {
    let mut text = format!("class {class}(nn.Module):\n");
    let names: String = arguments.iter().map(|argument| format!(", {}", argument.name)).collect();
    text.push_str(&format!("    def __init__(self{names}):\n        super().__init__()\n"));
    for (place, piece) in template.iter().enumerate() {
        let argument =
            arguments.iter().find(|argument| argument.places.contains(&place)).map(|argument| &argument.name);
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Value { value, .. } => text.push_str(argument.unwrap_or(value)),
            Piece::Keyword { value, default, .. } if argument.is_none() && value == default => {}
            Piece::Keyword { keyword, value, .. } => {
                text.push_str(&format!(", {keyword}={}", argument.unwrap_or(value)))
            }
            Piece::Instance { .. } => {}
        }
    }
    text
}
