//! The report as its formats show it; its JSON is an interface of its own (`docs/audit.schema.json`), so nothing of the
//! compiler's types is in it.

use std::collections::BTreeMap;

use neckar_spec::audit::{Audit, AuditedMap, Cost};
use neckar_spec::check::Checked;
use neckar_spec::diagnostics::{Diagnostic, Severity};
use neckar_spec::field::ReceptiveField;
use neckar_spec::size::{Env, shape_text};
use neckar_spec::source::Sources;
use neckar_spec::{Lowering, lower_explained};
use serde::Serialize;

use super::plan::Plan;
use crate::failure::Failure;
use crate::{arguments, config, sizes};

/// Of the JSON; raised with every change that is not an addition.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Document {
    schema_version: u32,
    pub reports: Vec<Report>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub spec: String,
    pub findings: Vec<Finding>,
    /// None where the spec has errors.
    pub network: Option<Network>,
}

#[derive(Debug, Serialize)]
pub struct Finding {
    pub severity: &'static str,
    /// A code such as `NK0301`, or the option that sets a bound.
    pub rule: String,
    pub message: String,
    pub place: Option<Place>,
    /// What mends it, where that is certain or `--fix=shapes` would do it.
    pub fix: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1, as columns are.
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
}

#[derive(Debug, Serialize)]
pub struct Network {
    pub name: String,
    pub settings: BTreeMap<String, String>,
    /// What every figure that depends on a size is of; none where a free size has no value.
    pub sizes: Option<BTreeMap<String, i64>>,
    pub legal: Vec<String>,
    pub total: Figures,
    /// Of the maps of all rows, each once, in 32-bit floats.
    pub map_bytes: Option<u64>,
    /// Of the arena in which the runtime's plan lays out all maps.
    pub arena_bytes: Option<u64>,
    /// None unless asked for.
    pub plan: Option<Plan>,
    pub inputs: Vec<Map>,
    pub rows: Vec<Row>,
    pub layers: Vec<Layer>,
    pub expectations: Vec<Expectation>,
    /// None unless asked for with sizes.
    pub dialects: Option<Vec<Dialect>>,
}

#[derive(Debug, Serialize)]
pub struct Figures {
    pub parameters: u64,
    pub buffers: u64,
    pub macs: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct Map {
    pub name: String,
    pub shape: String,
    pub shape_at: Option<Vec<u64>>,
    pub bytes: Option<u64>,
    /// None where a cell sees the whole input.
    pub receptive_field: Option<Field>,
}

#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(flatten)]
    pub map: Map,
    pub text: String,
    pub declared: bool,
    pub nested: bool,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Debug, Serialize)]
pub struct Layer {
    pub name: String,
    pub text: String,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Debug, Serialize)]
pub struct Field {
    pub rows: Axis,
    pub columns: Axis,
}

/// In pixels of the largest input.
#[derive(Debug, PartialEq, Serialize)]
pub struct Axis {
    pub size: f64,
    pub stride: f64,
    pub centre_offset: f64,
}

#[derive(Debug, Serialize)]
pub struct Expectation {
    pub text: String,
    pub found: String,
    pub holds: bool,
}

#[derive(Debug, Serialize)]
pub struct Dialect {
    pub tool: &'static str,
    pub unit: &'static str,
    pub count: u64,
    pub why: &'static str,
}

impl From<&config::Place> for Place {
    fn from(place: &config::Place) -> Place {
        let config::Place { file, line, column } = place.clone();
        Place { file, line, column, end_line: line }
    }
}

impl Document {
    pub fn new(reports: Vec<Report>) -> Document {
        Document { schema_version: SCHEMA_VERSION, reports }
    }

    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("its keys are strings and a text can always be written to") + "\n"
    }
}

impl Report {
    pub fn new(spec: &str) -> Report {
        Report { spec: spec.to_owned(), findings: Vec::new(), network: None }
    }

    /// Adds what is known of the network.
    pub fn describe(
        &mut self,
        checked: &Checked,
        audit: &Audit,
        sizes: Option<&Env>,
        arguments: &arguments::Audit,
    ) -> Result<(), Failure> {
        let graph = checked.graph();
        let map = |map: &AuditedMap| Map {
            name: map.name.clone(),
            shape: shape_text(&map.shape, checked.legal()),
            shape_at: map.at.clone(),
            bytes: map.bytes,
            receptive_field: map.field.map(|[rows, columns]| Field { rows: axis(rows), columns: axis(columns) }),
        };
        let row = |row: &neckar_spec::audit::AuditedRow| Row {
            map: map(&row.map),
            text: row.text.split_whitespace().collect::<Vec<_>>().join(" "),
            declared: row.declared,
            nested: row.nested,
            figures: figures(row.cost),
        };
        let layer = |layer: &neckar_spec::audit::AuditedLayer| Layer {
            name: layer.name.clone(),
            text: layer.text.clone(),
            figures: figures(layer.cost),
        };
        let expectation = |expectation: &neckar_spec::graph::Expectation| Expectation {
            text: expectation.text.clone(),
            found: expectation.found.clone(),
            holds: expectation.holds,
        };
        let (mut arena_bytes, mut plan) = (None, None);
        if sizes.is_some() {
            let shapes = input_shapes(audit)?;
            let inputs: Vec<(&str, &[usize])> = shapes.iter().map(|(name, shape)| (*name, shape.as_slice())).collect();
            let (program, unfused) = lower_explained(checked, Lowering::default());
            arena_bytes = Some(neckar::arena_bytes(&program, &inputs)? as u64);
            let planned = |numerics| Plan::new(program, &unfused, &inputs, numerics);
            plan = arguments.plan.map(Into::into).map(planned).transpose()?;
        } else if arguments.plan.is_some() {
            return Err(sizes::missing(checked, "plan"));
        }
        let dialects = sizes.filter(|_| arguments.dialects).and_then(|env| neckar_spec::audit::dialects(graph, env));
        let dialect = |dialect: neckar_spec::audit::Dialect| Dialect {
            tool: dialect.tool,
            unit: dialect.unit,
            count: dialect.count,
            why: dialect.why,
        };
        self.network = Some(Network {
            name: graph.name.clone(),
            settings: graph.settings.iter().cloned().collect(),
            sizes: sizes.map(|env| env.iter().map(|(symbol, n)| (symbol.to_string(), n)).collect()),
            legal: checked.legal().describe(),
            total: figures(audit.total),
            map_bytes: audit.bytes,
            arena_bytes,
            plan,
            inputs: audit.inputs.iter().map(map).collect(),
            rows: audit.rows.iter().map(row).collect(),
            layers: audit.layers.iter().map(layer).collect(),
            expectations: graph.expectations.iter().map(expectation).collect(),
            dialects: dialects.map(|dialects| dialects.into_iter().map(dialect).collect()),
        });
        Ok(())
    }
}

/// The shapes of the inputs at the sizes of an audit.
fn input_shapes(audit: &Audit) -> Result<Vec<(&str, Vec<usize>)>, Failure> {
    let shape = |map: &AuditedMap| -> Option<Vec<usize>> {
        map.at.as_ref()?.iter().map(|&n| usize::try_from(n).ok()).collect()
    };
    let named = audit.inputs.iter().map(|map| Some((map.name.as_str(), shape(map)?)));
    let shapes: Option<Vec<_>> = named.collect();
    shapes.ok_or_else(|| Failure::incomplete("the sizes of the inputs are too large to plan for"))
}

fn figures(cost: Cost) -> Figures {
    Figures { parameters: cost.parameters, buffers: cost.buffers, macs: cost.macs }
}

fn axis(field: ReceptiveField) -> Axis {
    Axis { size: field.size, stride: field.stride, centre_offset: field.centre_offset() }
}

impl Finding {
    pub fn of(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
        let place = diagnostic.span.map(|span| {
            let source = sources.get(span.file);
            let (line, column) = source.line_column(span.start);
            let (end_line, _) = source.line_column(span.end);
            let file = source.path.as_ref().map_or_else(|| source.name.clone(), |path| path.display().to_string());
            Place { file, line, column, end_line }
        });
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let fix = diagnostic.fix.as_ref().map(|fix| fix.title.clone());
        Finding { severity, rule: diagnostic.code.to_string(), message: diagnostic.message.clone(), place, fix }
    }

    /// A bound that does not hold.
    pub fn gate(option: &str, message: String) -> Finding {
        Finding { severity: "error", rule: option.to_owned(), message, place: None, fix: None }
    }

    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}
