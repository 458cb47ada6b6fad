//! What a drawing shows, before anything has a place.

/// A network as a drawing shows it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The architecture's name.
    pub name: String,
    /// Its parameters, `fuse = add`.
    pub settings: Vec<String>,
    /// The sizes that the figures are of, `H = 64, W = 128`; empty for a network without free sizes.
    pub sizes: String,
    /// What is drawn as a box, in an order in which it can run.
    pub units: Vec<Unit>,
    /// What is drawn as an arrow.
    pub edges: Vec<Edge>,
    /// Instances that are shown from inside.
    pub frames: Vec<Frame>,
    /// How many different levels there are.
    pub levels: usize,
}

/// A map, a vector or a fusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its row, or the layer that makes it; may be empty.
    pub name: String,
    /// The outputs that it is.
    pub outputs: Vec<String>,
    /// What makes it: `3×3 /2`, `Bottleneck × 3`; empty for an input.
    pub operator: String,
    /// Its sizes without the batch; one alone where it has no rows and columns.
    pub shape: Vec<i64>,
    /// How it is drawn.
    pub glyph: Glyph,
    /// Its level, 0 the finest; what has no rows and columns lies at the level of what it is made of.
    pub level: usize,
    /// How often the path that leads here turned between coarsening and refining; even where it coarsens.
    pub stage: usize,
    /// Its part in the pyramid.
    pub role: Role,
    /// The innermost frame around it, in [`Scene::frames`].
    pub frame: Option<usize>,
    /// The layer or the row without its number, which members of a family share; may be empty.
    pub family: String,
}

/// How a unit is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// A map with rows and columns, to scale.
    Map,
    /// A vector: a bar.
    Vector,
    /// Several maps made one: a circle with a sign.
    Fuse(Sign),
}

/// How maps are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A sum.
    Add,
    /// A sum with learned weights.
    Weighted,
    /// One behind the other along the channels.
    Concat,
    /// A product, as of a map and its gate.
    Multiply,
}

impl Sign {
    /// Its character; `⊕` would be a concatenation in the language and a sum in most papers.
    pub fn symbol(self) -> &'static str {
        match self {
            Sign::Add => "+",
            Sign::Weighted => "Σ",
            Sign::Concat => "C",
            Sign::Multiply => "×",
        }
    }

    /// What it stands for.
    pub fn meaning(self) -> &'static str {
        match self {
            Sign::Add => "sum",
            Sign::Weighted => "weighted sum",
            Sign::Concat => "concatenation",
            Sign::Multiply => "product",
        }
    }
}

/// A part in the pyramid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Given from outside.
    Input,
    /// On the way to the coarsest map.
    Backbone,
    /// From the backbone's levels into the pyramid.
    Lateral,
    /// On the way from coarse to fine.
    TopDown,
    /// On a way back from fine to coarse.
    BottomUp,
    /// Without rows and columns.
    Global,
}

impl Role {
    /// Every role in the order of legends.
    pub const ALL: [Role; 6] =
        [Role::Input, Role::Backbone, Role::Lateral, Role::TopDown, Role::BottomUp, Role::Global];

    /// Its name in a legend.
    pub fn name(self) -> &'static str {
        match self {
            Role::Input => "input",
            Role::Backbone => "backbone",
            Role::Lateral => "lateral",
            Role::TopDown => "top-down",
            Role::BottomUp => "bottom-up",
            Role::Global => "vector",
        }
    }

    /// Its colours: of a front, and of lines and sides. They differ in lightness too, for print without colours.
    pub fn colors(self) -> [&'static str; 2] {
        match self {
            Role::Input => ["#ffffff", "#6b7280"],
            Role::Backbone => ["#a9c6e8", "#44698f"],
            Role::Lateral => ["#fbe7a1", "#a07d1c"],
            Role::TopDown => ["#f4b183", "#a8571e"],
            Role::BottomUp => ["#b9dfb5", "#4b8046"],
            Role::Global => ["#d9c8ec", "#6f4f97"],
        }
    }
}

/// From a unit to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins, in [`Scene::units`].
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What happens on the way: `2× nearest`, `1×1`; may be empty.
    pub label: String,
}

/// An instance whose levels show.
#[derive(Clone, Debug)]
pub struct Frame {
    /// `fpn: Fpn`.
    pub label: String,
    /// The frame around it.
    pub parent: Option<usize>,
}

impl Scene {
    /// The frames around a unit, innermost first.
    pub fn frames_of(&self, unit: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.units[unit].frame, |&frame| self.frames[frame].parent)
    }

    /// Whether a frame goes around a unit.
    pub fn holds(&self, frame: usize, unit: usize) -> bool {
        self.frames_of(unit).any(|around| around == frame)
    }

    /// The units that a frame goes around.
    pub fn units_in(&self, frame: usize) -> impl Iterator<Item = usize> {
        (0..self.units.len()).filter(move |&unit| self.holds(frame, unit))
    }

    /// `LiteFpn: fuse = add, aggregate = add, at H = 64, W = 128`.
    pub fn title(&self) -> String {
        let mut parts = self.settings.clone();
        if !self.sizes.is_empty() {
            parts.push(format!("at {}", self.sizes));
        }
        if parts.is_empty() { self.name.clone() } else { format!("{}: {}", self.name, parts.join(", ")) }
    }

    /// The units of a level, with their places in [`Scene::units`].
    pub fn units_at(&self, level: usize) -> impl Iterator<Item = (usize, &Unit)> {
        self.units.iter().enumerate().filter(move |(_, unit)| unit.level == level)
    }

    /// The roles that units have.
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        Role::ALL.into_iter().filter(|role| self.units.iter().any(|unit| unit.role == *role))
    }

    /// The signs that fusions have.
    pub fn signs(&self) -> impl Iterator<Item = Sign> + '_ {
        let signs = [Sign::Add, Sign::Weighted, Sign::Concat, Sign::Multiply].into_iter();
        signs.filter(|sign| self.units.iter().any(|unit| unit.glyph == Glyph::Fuse(*sign)))
    }
}

impl Unit {
    /// Its name, behind those of outputs that are called otherwise: `final = layer4`.
    pub fn title(&self) -> String {
        let last = |output: &str| output.rsplit('.').next().unwrap_or_default().to_owned();
        let others: Vec<String> =
            self.outputs.iter().map(|output| last(output)).filter(|output| *output != self.name).collect();
        match (self.name.is_empty(), others.is_empty()) {
            (_, true) => self.name.clone(),
            (true, false) => others.join(", "),
            (false, false) => format!("{} = {}", others.join(", "), self.name),
        }
    }

    /// `256 × 7 × 7`.
    pub fn shape_text(&self) -> String {
        self.shape.iter().map(i64::to_string).collect::<Vec<_>>().join(" × ")
    }

    /// All that a box can say of it, line by line.
    pub fn lines(&self) -> Vec<String> {
        let sign = match self.glyph {
            Glyph::Fuse(sign) => sign.symbol().to_owned(),
            Glyph::Map | Glyph::Vector => String::new(),
        };
        let lines = [sign, self.title(), self.shape_text(), self.operator.clone()];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Whether it has no rows and columns.
    pub fn is_vector(&self) -> bool {
        self.shape.len() == 1
    }

    /// Whether it is an output of the network.
    pub fn is_output(&self) -> bool {
        !self.outputs.is_empty()
    }
}
