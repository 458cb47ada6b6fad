//! Each unit's part in the pyramid.

use super::scene::{Glyph, Role, Scene};

/// Gives every unit its stage and its role.
///
/// A path begins by coarsening (stage 0), turns to refining (1), perhaps back (2), and so on: the backbone, the top-down
/// path, the bottom-up path. Laterals are what stage 0 holds beside the way to the coarsest map.
pub(super) fn assign(scene: &mut Scene) {
    for to in 0..scene.units.len() {
        let level = scene.units[to].level;
        let stage = |from: usize| {
            let (stage, before) = (scene.units[from].stage, scene.units[from].level);
            let turns = match level.cmp(&before) {
                _ if scene.units[to].is_vector() => false,
                std::cmp::Ordering::Greater => stage % 2 == 1,
                std::cmp::Ordering::Less => stage % 2 == 0,
                std::cmp::Ordering::Equal => false,
            };
            stage + usize::from(turns)
        };
        let edges = scene.edges.iter().filter(|edge| edge.to == to);
        scene.units[to].stage = edges.map(|edge| stage(edge.from)).max().unwrap_or(0);
    }
    let refines = scene.units.iter().any(|unit| unit.stage > 0);
    let mut refined: Vec<bool> = scene.units.iter().map(|unit| unit.stage > 0).collect();
    let mut coarsens = vec![false; scene.units.len()];
    for edge in scene.edges.iter().rev() {
        let [from, to] = [edge.from, edge.to].map(|unit| &scene.units[unit]);
        // What a fusion or a vector gathers is no backbone's next level.
        let next = to.level > from.level && to.glyph == Glyph::Map && (!refines || refined[edge.to]);
        refined[edge.from] |= refined[edge.to];
        coarsens[edge.from] |= to.stage == 0 && (next || coarsens[edge.to]);
    }
    for (to, coarsens) in coarsens.into_iter().enumerate() {
        let unit = &scene.units[to];
        let before: Vec<_> = scene.edges.iter().filter(|edge| edge.to == to).collect();
        let after = |role| before.iter().any(|edge| scene.units[edge.from].role == role);
        let down = || scene.edges.iter().any(|edge| edge.from == to && scene.units[edge.to].level < unit.level);
        let enters = || before.iter().any(|edge| scene.units[edge.from].level < unit.level);
        // A 1×1 out of the backbone is the usual lateral; a block or a window still belongs to the body.
        let body = || after(Role::Backbone) && unit.operator != "1×1" && !matches!(unit.glyph, Glyph::Fuse(_));
        // Levels that follow the pyramid's coarsest and lead back to none.
        let extra = || after(Role::BottomUp) || (enters() && after(Role::TopDown));
        let role = match unit.glyph {
            _ if unit.role == Role::Input => Role::Input,
            _ if unit.is_vector() => Role::Global,
            _ if unit.stage > 0 => {
                if unit.stage % 2 == 1 {
                    Role::TopDown
                } else {
                    Role::BottomUp
                }
            }
            _ if extra() => Role::BottomUp,
            _ if !refines || coarsens || enters() || body() => Role::Backbone,
            _ if after(Role::TopDown) || down() => Role::TopDown,
            _ => Role::Lateral,
        };
        scene.units[to].role = role;
    }
}
