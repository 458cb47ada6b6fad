//! Random specs that use all of the language and compile, as tokens, and as texts with any blanks and comments between them.

use super::Random;

/// A spec as its tokens.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug)]
struct Token {
    text: String,
    /// Whether a row, an item or the end of a body begins.
    begins: bool,
}

/// How a spec is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A row a line, and a blank between tokens.
    Plain,
    /// Other blanks, line ends and comments at one in so many gaps.
    Odd(usize),
}

/// A map as the generator knows it: at `1/2^level` of the input's size.
#[derive(Clone, Debug)]
struct Map {
    name: String,
    channels: usize,
    level: u32,
}

/// Names with letters of other scripts among them.
const WORDS: &[&str] =
    &["stem", "body", "neck", "größe", "層", "à_la", "_p", "Fläche", "x1", "down", "image", "output_2"];

const CHANNELS: [usize; 3] = [4, 8, 16];

impl Spec {
    /// The spec of a seed.
    pub fn random(random: &mut Random) -> Spec {
        let mut writer = Writer { spec: Spec::default(), made: 0, maps: Vec::new(), kinds: 0, blocks: 0 };
        if random.one_in(10) {
            writer.row("use zoo :: prelude");
        }
        if random.one_in(3) {
            writer.row("numerics { resize = nearest , bn_eps = 1e-3 }");
        }
        for _ in 0..random.below(3) {
            writer.kind(random);
        }
        for _ in 0..random.below(3) {
            writer.block(random);
        }
        writer.arch(random);
        writer.spec
    }

    /// The text of a spec, and the comments that were put into it, in order.
    pub fn written(&self, random: &mut Random, style: Style) -> (String, Vec<String>) {
        let (mut text, mut comments) = (String::new(), Vec::new());
        for (at, token) in self.tokens.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &self.tokens[before]);
            match style {
                Style::Odd(rare) if random.one_in(rare) => odd_gap(random, before, token, &mut text, &mut comments),
                _ if before.is_some() => text.push(if token.begins { '\n' } else { ' ' }),
                _ => {}
            }
            text.push_str(&token.text);
        }
        if style == Style::Plain || random.one_in(2) {
            text.push('\n');
        }
        (text, comments)
    }
}

/// Puts blanks, line ends and comments before a token.
fn odd_gap(random: &mut Random, before: Option<&Token>, token: &Token, text: &mut String, comments: &mut Vec<String>) {
    let end = random.pick(&["\n", "\n", "\r\n"]);
    let blanks = random.pick(&[" ", "  ", "\t", "       ", "\u{a0}", "\u{3000}"]);
    let number = comments.len();
    match random.below(9) {
        // Brackets and commas need no blank.
        0 if before.is_some_and(|before| "()[]{},".contains(&before.text) || "()[]{},".contains(&token.text)) => {}
        0 | 1 => text.push_str(blanks),
        2 => text.push_str(end),
        3 => *text += &format!("{end}{end}{blanks}{end}"),
        4 | 5 => {
            let slashes = random.pick(&["//", "// ", "///", "//\t"]);
            let words = random.pick(&["", "a note", "→ 3×3 ⊕ é 🦀", "\"half a string", "/* not one */", "b = c // d"]);
            let comment = format!("{slashes}{number} {words}");
            *text += &format!("{}{comment}{}{end}", random.pick(&[" ", "\n", "\n\n\n  "]), random.pick(&["", "   "]));
            comments.push(comment);
        }
        6 | 7 => {
            let words = random.pick(&["", "a note", "**", "// c", "\"", "→"]);
            let comment = format!("/*{number} {words}*/");
            *text += &format!("{}{comment}{}", random.pick(&[" ", "\n", "\r\n\t"]), random.pick(&["", " ", end]));
            comments.push(comment);
        }
        _ => {
            let comment = format!("/* {number}{end}   two  {end} lines */");
            *text += &format!(" {comment}{end}");
            comments.push(comment);
        }
    }
}

struct Writer {
    spec: Spec,
    /// How many names were made.
    made: usize,
    maps: Vec<Map>,
    kinds: usize,
    blocks: usize,
}

impl Writer {
    /// Tokens with a blank between any two, the first of which begins a row.
    fn row(&mut self, tokens: &str) {
        let tokens = tokens.split(' ').filter(|token| !token.is_empty()).enumerate();
        let tokens = tokens.map(|(at, text)| Token { text: text.to_owned(), begins: at == 0 || text == "}" });
        self.spec.tokens.extend(tokens);
    }

    fn name(&mut self, random: &mut Random) -> String {
        self.made += 1;
        // The sign behind the number keeps members of families apart from other names.
        format!("{}{}_", random.pick(WORDS), self.made)
    }

    fn kind(&mut self, random: &mut Random) {
        self.kinds += 1;
        let norm =
            random.pick(&["|> bn : batch_norm ( gamma = gamma )", "|> batch_norm ( eps = 1e-3 , gamma = gamma , )"]);
        let last = random.pick(&["", "|> silu", "|> relu |> sigmoid"]);
        let kernel =
            random.pick(&["kernel = 1", "kernel = 3 , padding = 1", "kernel = [ 1 , 3 ] , padding = [ 0 , 1 ]"]);
        let kind = self.kinds;
        self.row(&format!(
            "kind kind{kind} ( out , gamma : float = 0.9 ) = c : conv -> out ( {kernel} , bias = false ) {norm} {last}"
        ));
    }

    fn block(&mut self, random: &mut Random) {
        self.blocks += 1;
        let block = self.blocks;
        let repeat = random.pick(&["", "x 2", "× 2", "* ( 1 + 1 )"]);
        self.row(&format!("block Block{block} ( width = 8 , stride = 1 ) {{"));
        self.row(random.pick(&["input x", "input x : [ B , k , h , w ]"]));
        self.row(&format!("smooth s {repeat} : -> width"));
        self.row("conv last : -> width ( kernel = 3 , padding = 1 , stride = stride )");
        self.row("y = x |> s |> last");
        match random.below(3) {
            0 => self.row("output y"),
            1 => self.row("if stride == 1 and channels ( x ) == width { output z = relu ( x + y ) } else { output y }"),
            _ => {
                self.row("if not ( stride == 1 ) { output y }");
                self.row("else if width == channels ( x ) { output y = relu ( y ) }");
                self.row("else { output y = y }");
            }
        }
        self.row("}");
    }

    fn arch(&mut self, random: &mut Random) {
        for _ in 0..random.below(3) {
            self.row(random.pick(&["///\u{a0}doc", "///"]));
            // A line comment is a token that ends its line.
            self.spec.tokens.last_mut().expect("it was just pushed").text.push('\n');
        }
        let parameters = [
            "n = 2",
            "width : int = 8",
            "gain : float = 0.5",
            "flag = true",
            "join : add | concat = add",
            "depth : 18 | 50 = 18",
            "widths : [ int ] = [ 4 , 8 , 16 ]",
            "up : Resize = nearest",
        ];
        let alias = random.pick(&["", "as \"neck\""]);
        self.row(&format!("arch Größe ( {} ) {alias} at H = 32 , W = 48 {{", parameters.join(" , ")));
        self.row("numerics { resize = nearest }");
        for (at, level) in [(0, 0), (1, 0), (2, 1)] {
            let name = format!("in{at}");
            let [rows, columns] =
                [("H", 32), ("W", 48)].map(|(symbol, literal)| size(random, symbol, literal, level, false));
            let image =
                if at == 0 && random.one_in(3) { "image ( color = bgr , mean = [ 0.4 , 0.5 , 0.6 ] )" } else { "" };
            let channels = if at == 0 { 3 } else { 8 };
            self.row(&format!("input {name} : [ B , {channels} , {rows} , {columns} ] {image}"));
            self.maps.push(Map { name, channels, level });
        }
        for _ in 0..random.within(2, 9) {
            self.rows(random);
        }
        if random.one_in(3) {
            self.row("expect params ( self ) >= 0 when flag and n == 2 or not flag");
        }
        if random.one_in(3) {
            self.row("expect legal ( H ) != [ 1 , 3 .. 5 ] mod 2 ^ 3");
        }
        if random.one_in(3) {
            self.row("expect n * 2 ~= 4 within 0.01 at H = 64 , W = 64");
        }
        if random.one_in(4) {
            self.row("ignore \"head.*\" , \"größe\"");
        }
        self.outputs(random);
        self.row("}");
    }

    fn outputs(&mut self, random: &mut Random) {
        let last: Vec<Map> = self.maps.iter().rev().take(3).cloned().collect();
        let (first, rest) = last.split_first().expect("there are inputs");
        let declared = self.declared(random, first);
        self.row(&format!("output final = {} {declared}", first.name));
        for map in rest {
            let name = self.name(random);
            match random.below(3) {
                0 => self.row(&format!("output {name} : [ a = {} , b = {} , ]", map.name, first.name)),
                1 => self.row(&format!("output {name} = relu ( {} ) , {name}b = {}", map.name, map.name)),
                _ => self.row(&format!("output {name} = {}", map.name)),
            }
        }
    }

    /// A declared shape of a map, or nothing.
    fn declared(&self, random: &mut Random, map: &Map) -> String {
        if random.one_in(2) {
            return String::new();
        }
        let arrow = random.pick(&["→", "->"]);
        let literal = random.one_in(2);
        let [rows, columns] = [("H", 32), ("W", 48)].map(|(symbol, at)| size(random, symbol, at, map.level, literal));
        format!("{arrow} [ B , {} , {rows} , {columns} ]", map.channels)
    }

    /// Rows that make a map.
    fn rows(&mut self, random: &mut Random) {
        let from = self.maps[random.below(self.maps.len())].clone();
        let (layer, name) = (self.name(random), self.name(random));
        let out = random.pick(&CHANNELS);
        let width = random.pick(&[out.to_string(), format!("( {} + {} )", out / 2, out - out / 2)]);
        let mut map = Map { name: name.clone(), ..from.clone() };
        let x = &from.name;
        let value = match random.below(13) {
            0 | 1 => {
                let kind = match self.kinds {
                    0 => "lateral".into(),
                    kinds => format!("kind{}", random.within(1, kinds)),
                };
                let kind = if random.one_in(2) { kind } else { "smooth".into() };
                let alias = random.pick(&[String::new(), format!("as \"a.{}\"", self.made)]);
                let input = random.pick(&[String::new(), from.channels.to_string()]);
                self.row(&format!("{kind} {layer} , {layer}b : {input} -> {width} ( gamma = 0.9 ) {alias}"));
                map.channels = out;
                random.pick(&[
                    format!("{layer} ( {x} )"),
                    format!("{x} |> {layer} |> relu"),
                    format!("silu ( {layer} ( {x} ) )"),
                ])
            }
            2 => {
                self.row(&format!(
                    "conv {layer} : -> {width} ( kernel = [ 3 , 1 ] , padding = [ 1 , 0 ] , init = normal ( 0.01 ) )"
                ));
                map.channels = out;
                format!("{x} |> {layer}")
            }
            3 if from.level < 3 => {
                map.level += 1;
                random.pick(&[
                    format!("max_pool ( {x} , kernel = 2 )"),
                    format!("{x} |> avg_pool ( kernel = 2 , stride = 2 )"),
                ])
            }
            4 if from.level > 0 => {
                map.level -= 1;
                random.pick(&[
                    format!("Up2 ( {x} )"),
                    format!("{x} |> Up2 ( mode = bilinear )"),
                    format!("Up2 ( {x} , mode = up )"),
                ])
            }
            5 => {
                let alike = self.maps.iter().filter(|other| other.level == from.level);
                let alike: Vec<&Map> = alike.collect();
                let other = alike[random.below(alike.len())];
                map.channels += other.channels;
                random.pick(&[format!("{x} ⊕ {}", other.name), format!("Concat ( {x} , {} , )", other.name)])
            }
            6 => {
                let alike =
                    self.maps.iter().filter(|other| other.level == from.level && other.channels == from.channels);
                let alike: Vec<&Map> = alike.collect();
                let other = alike[random.below(alike.len())].name.clone();
                match random.below(3) {
                    0 => {
                        self.row(&format!("fuse {layer} ( mode = weighted )"));
                        format!("{layer} ( {x} , {other} )")
                    }
                    1 => format!("relu ( {x} + {other} ) + {x}"),
                    _ => {
                        let condition = random.pick(&[
                            "flag",
                            "join == concat",
                            "n >= 2 and not flag",
                            "gain < 0.5 or depth == 50",
                        ]);
                        let join = random.pick(&["else {", "else if widths [ 1 ] != 8 {"]);
                        let last = if join == "else {" { String::new() } else { format!("else {{ {name} = {x} }}") };
                        self.row(&format!(
                            "if {condition} {{ {name} = {x} + {other} }} {join} {name} = {other} }} {last}"
                        ));
                        self.maps.push(map);
                        return;
                    }
                }
            }
            7 => {
                let to = self.maps[random.below(self.maps.len())].clone();
                map.level = to.level;
                format!("UpTo ( {x} , {} , mode = nearest )", to.name)
            }
            8 if self.blocks > 0 => {
                let block = random.within(1, self.blocks);
                let (repeat, of) = random.pick(&[("", ""), ("x 2", ""), ("×", "n")]);
                self.row(&format!("Block{block} {layer} {repeat} {of} ( width = {width} )"));
                map.channels = out;
                format!("{layer} ( {x} )")
            }
            9 => {
                let value = random.pick(&[
                    "( 2 + n ) * 4 - 6 / 2",
                    "if flag { widths [ 0 ] } else { width }",
                    "if n == 1 { 4 } else if flag { 2 ^ n } else { - 8 + 16 }",
                    "ceil ( 7 / 2 ) + floor ( 9 / 4 )",
                    "1_000 * 2k - 3M",
                ]);
                self.row(&format!("let {name}n = {value}"));
                return;
            }
            10 => {
                let order = random.pick(&["0 to n", "n down to 0", "n - 1 to 2"]);
                let alias = random.pick(&[String::new(), format!("as \"f{}.{{i}}.0\"", self.made)]);
                self.row(&format!("for i in {order} {{"));
                self.row(&format!("conv {layer} [ i ] : -> {out} ( kernel = 1 ) {alias}"));
                self.row(&format!("{name} [ i ] = {layer} [ i ] ( {x} )"));
                self.row("}");
                map.name = random.pick(&[format!("{name} [ 2 ]"), format!("{name} [ n ]")]);
                map.channels = out;
                self.maps.push(map);
                return;
            }
            11 => {
                // A long row.
                let times = random.within(4, 12);
                map.channels *= times;
                vec![x.as_str(); times].join(" ⊕ ")
            }
            _ => format!("sigmoid ( {x} ) + {x}"),
        };
        let declared = self.declared(random, &map);
        self.row(&format!("{name} = {value} {declared}"));
        // Channels that only grow would make large networks.
        if map.channels <= 96 {
            self.maps.push(map);
        }
    }
}

/// A size of an axis at a level, as one may write it.
fn size(random: &mut Random, symbol: &str, at: usize, level: u32, literal: bool) -> String {
    let part = 1_usize << level;
    match (literal, level) {
        (true, _) => (at / part).to_string(),
        (false, 0) => symbol.to_owned(),
        (false, _) => random.pick(&[format!("{symbol} / {part}"), format!("{symbol} / 2 ^ {level}")]),
    }
}
