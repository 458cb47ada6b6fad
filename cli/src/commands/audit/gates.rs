//! Bounds that the command line or a gate sets.

use neckar_spec::audit::{Audit, AuditedMap};
use neckar_spec::check::{Checked, shape_at};
use neckar_spec::diagnostics::nearest;
use neckar_spec::size::{Env, shape_text};

use super::report::Finding;
use super::shape::Expected;
use crate::arguments::Bounds;
use crate::commands::check::grouped;
use crate::failure::Failure;
use crate::sizes::missing;

/// The bounds that do not hold.
pub fn exceeded(
    bounds: &Bounds,
    checked: &Checked,
    audit: &Audit,
    sizes: Option<&Env>,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let name = &checked.graph().name;
    if let Some(most) = bounds.max_params
        && audit.total.parameters > most
    {
        let found = grouped(audit.total.parameters);
        findings.push(Finding::gate("max-params", format!("{name} has {found} parameters, above {}", grouped(most))));
    }
    if let Some(most) = bounds.max_macs {
        let Some((macs, sizes)) = audit.total.macs.zip(sizes) else {
            return Err(missing(checked, "max-macs"));
        };
        if macs > most {
            let at: Vec<String> = sizes.iter().map(|(symbol, n)| format!("{symbol} = {n}")).collect();
            let (found, most) = (grouped(macs), grouped(most));
            let message = format!("{name} takes {found} MACs at {}, above {most}", at.join(", "));
            findings.push(Finding::gate("max-macs", message));
        }
    }
    for (map, shape) in &bounds.assert_shape {
        let found = find(checked, audit, map)?;
        let expected = Expected::parse(shape)?;
        let holds = expected.holds(found, checked.legal(), sizes).ok_or_else(|| missing(checked, "assert-shape"))?;
        if !holds {
            let free = shape_text(&found.shape, checked.legal());
            let at = sizes.map(|env| shape_at(&found.shape, checked.legal(), Some(env))).filter(|at| *at != free);
            let at = at.map(|at| format!(", here {at}")).unwrap_or_default();
            findings.push(Finding::gate("assert-shape", format!("`{map}` is {free}{at}, expected {shape}")));
        }
    }
    Ok(findings)
}

/// An output, row or input by its name.
fn find<'a>(checked: &Checked, audit: &'a Audit, name: &str) -> Result<&'a AuditedMap, Failure> {
    let graph = checked.graph();
    let maps = || audit.rows.iter().map(|row| &row.map).chain(&audit.inputs);
    let node = graph.outputs.iter().find(|output| output.full_name() == name).map(|output| output.node);
    // An output may be called otherwise than the row that it gives.
    let of_output = node.and_then(|node| maps().find(|map| map.node == node));
    of_output.or_else(|| maps().find(|map| map.name == name)).ok_or_else(|| {
        let hint = match nearest(name, maps().map(|map| map.name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "give the name of a row, an input or an output".to_owned(),
        };
        Failure::usage(format!("`{}` has no map `{name}` for assert-shape; {hint}", graph.name))
    })
}
