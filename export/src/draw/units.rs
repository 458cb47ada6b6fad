//! From the groups of a graph's operators to units, edges and frames.

use std::collections::BTreeMap;

use neckar_spec::graph::{NodeId, ScopeId};

use super::fold::{Folding, group_words};
use super::instances::{around, chain_name};
use super::scene::{Edge, Frame, Glyph, Role, Scene, Unit};
use super::words::{Part, operands, part, repeated};

impl Folding<'_> {
    /// Units, edges and frames with their captions.
    pub(super) fn scene(&self, captions: &BTreeMap<ScopeId, String>) -> Scene {
        let frames: Vec<ScopeId> = captions.keys().copied().collect();
        let frame = |scope: ScopeId| frames.binary_search(&scope).ok();
        let mut groups: Vec<(&usize, &Vec<NodeId>)> =
            self.members.iter().filter(|(group, _)| !self.arrows.contains_key(group)).collect();
        groups.sort_by_key(|(_, members)| members.last());
        let index: BTreeMap<usize, usize> = groups.iter().enumerate().map(|(i, (group, _))| (**group, i)).collect();
        let mut scene = Scene {
            name: self.graph.name.clone(),
            settings: self.graph.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect(),
            sizes: String::new(),
            units: Vec::new(),
            edges: Vec::new(),
            frames: Vec::new(),
            levels: self.levels.iter().flatten().max().map_or(1, |most| most + 1),
        };
        for (&scope, label) in captions {
            let parent = self.graph.scope(scope).parent.and_then(frame);
            scene.frames.push(Frame { label: label.clone(), parent });
        }
        for (to, (_, members)) in groups.iter().enumerate() {
            for (from, label) in self.sources(members) {
                let edge = Edge { from: index[&from], to, label };
                if !scene.edges.contains(&edge) {
                    scene.edges.push(edge);
                }
            }
            let mut unit = self.unit(members);
            unit.frame = frame(self.home(members[0]).0);
            if unit.is_vector() {
                // A vector of several levels stands between them.
                let before = scene.edges.iter().filter(|edge| edge.to == to);
                let mut levels: Vec<usize> = before.map(|edge| scene.units[edge.from].level).collect();
                levels.sort_unstable();
                unit.level = levels.get(levels.len() / 2).copied().unwrap_or(scene.levels - 1);
            }
            scene.units.push(unit);
        }
        scene
    }

    /// The groups that a group reads, with the words of the arrows between.
    fn sources(&self, members: &[NodeId]) -> Vec<(usize, String)> {
        let own = self.groups[members[0].0 as usize];
        let mut sources = Vec::new();
        for &member in members {
            for &operand in operands(self.graph.node(member)) {
                let mut group = self.groups[operand.0 as usize];
                let mut labels = Vec::new();
                while let Some(label) = self.arrows.get(&group) {
                    labels.push(label.as_str());
                    group = self.groups[self.graph.node(self.members[&group][0]).inputs[0].0 as usize];
                }
                labels.reverse();
                if group != own {
                    sources.push((group, repeated(&labels)));
                }
            }
        }
        sources
    }

    fn unit(&self, members: &[NodeId]) -> Unit {
        let (first, last) = (members[0], members[members.len() - 1]);
        let (home, closed) = self.home(first);
        let node = self.graph.node(last);
        let fusion = members.iter().map(|&member| part(self.graph.node(member))).find_map(|part| match part {
            Part::Fuse(sign) if closed.is_none() => Some(sign),
            _ => None,
        });
        let glyph = match (self.levels[last.0 as usize], fusion) {
            (_, Some(sign)) => Glyph::Fuse(sign),
            (Some(_), None) => Glyph::Map,
            (None, None) => Glyph::Vector,
        };
        let layer = match closed {
            Some(scope) => {
                let name = self.graph.scope(scope).name.as_str();
                Some(chain_name(name).map_or(name, |(base, _)| base).to_owned())
            }
            None => members.iter().find_map(|&member| self.layer(member, home)),
        };
        let input = self.graph.inputs.iter().find(|input| input.node == first).map(|input| input.name.as_str());
        let name = input.or_else(|| self.row(members)).or(layer.as_deref()).unwrap_or_default().to_owned();
        let operator = match closed {
            Some(scope) => {
                let mut instances: Vec<Option<ScopeId>> = members.iter().map(|&node| self.home(node).1).collect();
                instances.dedup();
                let network = &self.graph.scope(scope).network;
                // Whatever follows a block in its unit stands outside it.
                match instances.iter().flatten().count() {
                    1 => network.clone(),
                    times => format!("{network} × {times}"),
                }
            }
            None => group_words(self.graph, members),
        };
        let outputs = members.iter().flat_map(|member| self.outputs[member.0 as usize].iter().cloned()).collect();
        let shape = &self.shapes[last.0 as usize];
        let shape = if self.levels[last.0 as usize].is_some() { shape } else { &shape[..1] };
        let family = layer.as_deref().unwrap_or(&name).trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        Unit {
            name,
            outputs,
            operator,
            shape: shape.to_vec(),
            glyph,
            level: self.levels[last.0 as usize].unwrap_or(0),
            stage: 0,
            role: if node.op.is_none() { Role::Input } else { Role::Backbone },
            frame: None,
            family,
        }
    }

    /// The layer that a node applies, by its name in an open scope.
    pub(super) fn layer(&self, node: NodeId, home: ScopeId) -> Option<String> {
        let path = self.graph.node(node).layer.as_deref()?;
        let depth = around(self.graph, home).filter(|&scope| self.graph.scope(scope).parent.is_some());
        // A scope's name may itself have a period: `cells.0`.
        let names: usize = depth.map(|scope| self.graph.scope(scope).name.len() + 1).sum();
        path.get(names..)?.split('.').next().map(str::to_owned)
    }
}
