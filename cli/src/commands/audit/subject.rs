//! What is audited.

use neckar_spec::audit::Audit;
use neckar_spec::size::Env;

use super::gates;
use super::report::Finding;
use crate::arguments::{self, Bounds};
use crate::config::Gate;
use crate::failure::Failure;
use crate::sizes;
use crate::spec::{Compiled, SpecArgument};

/// A network, at sizes and with parameters, and what it is held to.
#[derive(Debug)]
pub struct Subject<'a> {
    pub spec: &'a SpecArgument,
    pub settings: &'a [(String, String)],
    at: &'a [(String, i64)],
    bounds: &'a Bounds,
    /// The gate that says so; the command line where there is none.
    pub gate: Option<&'a Gate>,
}

/// What is known of a subject.
#[derive(Debug)]
pub struct Examined {
    pub compiled: Compiled,
    /// The audit and its sizes; none where the spec has errors.
    pub audit: Option<(Audit, Option<Env>)>,
    /// The bounds that do not hold.
    pub exceeded: Vec<Finding>,
}

impl<'a> Subject<'a> {
    /// As the command line says.
    pub fn asked(spec: &'a SpecArgument, arguments: &'a arguments::Audit) -> Subject<'a> {
        let arguments::Audit { settings, at, bounds, .. } = arguments;
        Subject { spec, settings: &settings.settings, at, bounds, gate: None }
    }

    /// As a gate says.
    pub fn gated(spec: &'a SpecArgument, gate: &'a Gate) -> Subject<'a> {
        Subject { spec, settings: &gate.settings, at: &gate.at, bounds: &gate.bounds, gate: Some(gate) }
    }

    /// Compiles the network, audits it and holds it to its bounds; fails where that cannot be done.
    pub fn examine(&self) -> Result<Examined, Failure> {
        self.examined().map_err(|failure| match self.gate {
            Some(gate) => gate.blamed(failure),
            None => failure,
        })
    }

    fn examined(&self) -> Result<Examined, Failure> {
        let compiled = self.spec.compile(self.settings)?;
        let Some(checked) = &compiled.compilation.checked else {
            return Ok(Examined { compiled, audit: None, exceeded: Vec::new() });
        };
        let sizes = sizes::at(checked, self.at)?;
        let audit = neckar_spec::audit::audit(checked, sizes.as_ref());
        let mut exceeded = gates::exceeded(self.bounds, checked, &audit, sizes.as_ref())?;
        if let Some(gate) = self.gate {
            let settings: Vec<String> = self.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            for finding in &mut exceeded {
                finding.place = Some((&gate.place).into());
                if !settings.is_empty() {
                    finding.message += &format!(", with {}", settings.join(", "));
                }
            }
        }
        Ok(Examined { audit: Some((audit, sizes)), exceeded, compiled })
    }
}
