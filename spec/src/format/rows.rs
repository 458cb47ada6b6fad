//! Tokens to lines: which token begins a row, how far each line is indented, which tokens may stand in columns.

use super::align::{Anchor, Indentation, Line, Piece};
use super::lexer::{Kind, Token};
use super::spacing::{self, Role};

/// What a row or an item is, by how it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Head {
    /// `arch` or `block`.
    Network,
    /// `for` or `if`.
    Branching,
    /// `kind`.
    Kind,
    /// `let`.
    Let,
    /// `input`.
    Input,
    /// `output` or `ignore`: a list that hangs from its keyword.
    Listing,
    /// `expect`.
    Expect,
    /// `allow`, where a lint follows.
    Allow,
    /// Two names: a layer.
    Layer,
    /// A name alone: a map.
    Map,
    /// `use`, `numerics` and what is no row at all.
    #[default]
    Other,
}

/// What is known of the row at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    head: Head,
    /// The first token of the row.
    first: usize,
    /// Whether it begins a line.
    leads: bool,
    /// Whether `=` was seen outside brackets.
    has_equals: bool,
    /// Whether a figure is being read, in which `(` is a call: behind `->` and the sign of repetition.
    in_figure: bool,
    /// The `x` of a repetition.
    times: Option<usize>,
    /// Where the first `if` among its values stands: line and piece.
    choice: Option<(usize, usize)>,
    /// How wide the keyword of a listing is that begins in the keyword's line.
    hanging: Option<usize>,
}

/// An open bracket.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Whether rows stand in it; then `row` is the one that it belongs to.
    is_body: bool,
    row: Row,
    /// How the line is indented in which it opens.
    indentation: Indentation,
}

/// The lines of a text, with indentation and blanks, before anything is aligned.
pub(super) fn lines<'t>(tokens: &[Token<'t>]) -> Vec<Line<'t>> {
    let significant: Vec<usize> = (0..tokens.len()).filter(|&at| !tokens[at].is_comment()).collect();
    let mut walk = Walk {
        code: significant.iter().map(|&at| tokens[at]).collect(),
        next: 0,
        row: Row::default(),
        open: Vec::new(),
        lines: Vec::new(),
    };
    for (at, token) in tokens.iter().enumerate() {
        if at == 0 || token.newlines > 0 {
            walk.begin_line(token, at.checked_sub(1).map(|before| &tokens[before]));
        }
        if token.is_comment() { walk.comment(token) } else { walk.code(token) }
    }
    walk.lines
}

struct Walk<'t> {
    /// The tokens that the grammar reads.
    code: Vec<Token<'t>>,
    /// The one of them that comes next.
    next: usize,
    row: Row,
    open: Vec<Open>,
    lines: Vec<Line<'t>>,
}

impl<'t> Walk<'t> {
    fn ahead(&self, by: usize) -> Option<&Token<'t>> {
        self.code.get(self.next + by)
    }

    fn before(&self) -> Option<&Token<'t>> {
        self.next.checked_sub(1).map(|at| &self.code[at])
    }

    /// The bracket around the next token, if it is one within a row.
    fn bracket(&self) -> Option<&Open> {
        self.open.last().filter(|open| !open.is_body)
    }

    fn depth(&self) -> usize {
        self.open.iter().filter(|open| open.is_body).count()
    }

    /// Whether the next token begins a row or an item.
    fn begins_row(&self) -> bool {
        let Some(token) = self.ahead(0) else {
            return false;
        };
        if self.bracket().is_some() {
            return false;
        }
        let is_second = self.next == self.row.first + 1;
        let after_times = self.row.times.is_some_and(|times| times + 1 == self.next);
        let ended = self.before().is_none_or(Token::ends_value) && !after_times;
        let after_value = ended || self.begins_body();
        match (token.kind, token.text) {
            (
                Kind::Keyword,
                "use" | "numerics" | "kind" | "arch" | "block" | "input" | "output" | "let" | "for" | "expect"
                | "ignore",
            ) => true,
            (Kind::Keyword, "if") => after_value,
            (Kind::Word, _) if self.begins_body() || self.before().is_none() => true,
            (Kind::Word, word) => {
                let next = |text| self.ahead(1).is_some_and(|token| token.is(text));
                let is_sign = match word {
                    "x" => self.row.head == Head::Layer && !self.row.in_figure && !next("="),
                    "down" => next("to"),
                    "image" => self.row.head == Head::Input && next("("),
                    _ => false,
                };
                after_value && !is_sign && !(matches!(self.row.head, Head::Layer | Head::Allow) && is_second)
            }
            _ => false,
        }
    }

    /// Whether the token before opens a body.
    fn begins_body(&self) -> bool {
        self.before().is_some_and(|before| before.is("{")) && self.open.last().is_some_and(|open| open.is_body)
    }

    /// What the next token begins a row of.
    fn head(&self) -> Head {
        let is_word = |token: Option<&Token>| token.is_some_and(|token| token.kind == Kind::Word);
        match self.ahead(0).map_or("", |token| token.text) {
            "arch" | "block" => Head::Network,
            "for" | "if" => Head::Branching,
            "kind" => Head::Kind,
            "let" => Head::Let,
            "input" => Head::Input,
            "output" | "ignore" => Head::Listing,
            "expect" => Head::Expect,
            "allow" if is_word(self.ahead(1)) && self.allows_lint() => Head::Allow,
            _ if is_word(self.ahead(0)) && is_word(self.ahead(1)) => Head::Layer,
            _ if is_word(self.ahead(0)) => Head::Map,
            _ => Head::Other,
        }
    }

    /// Whether what follows `allow` and a name makes the name that of a lint.
    fn allows_lint(&self) -> bool {
        let is_kind = |by, kind| self.ahead(by).is_some_and(|token: &Token| token.kind == kind);
        is_kind(2, Kind::String) || self.ahead(2).is_some_and(|token| token.is(":")) && is_kind(3, Kind::Word)
    }

    fn begin_line(&mut self, token: &Token<'t>, before: Option<&Token<'t>>) {
        let at_edge = before.is_none_or(|before| before.kind == Kind::Open) || token.kind == Kind::Close;
        let indentation = if token.is_comment() { self.comment_indentation() } else { self.indentation() };
        self.lines.push(Line {
            indentation,
            pieces: Vec::new(),
            blank_before: token.newlines > 1 && !at_edge,
            head: Head::Other,
        });
    }

    /// How a line is indented that the next token begins.
    fn indentation(&self) -> Indentation {
        let token = self.ahead(0);
        let is = |text| token.is_some_and(|token| token.is(text));
        if token.is_some_and(|token| token.kind == Kind::Close)
            && let Some(open) = self.open.last()
        {
            return open.indentation;
        }
        let body = Indentation::columns(4 * self.depth());
        let continues_branch = self.bracket().is_none() && self.row.head == Head::Branching && is("else");
        let opens_body = is("{") && self.opens_body();
        if self.begins_row() || self.before().is_none() || continues_branch || opens_body {
            return body;
        }
        match (self.bracket(), self.row.choice, self.row.hanging) {
            (Some(open), ..) => open.indentation.deeper(4),
            // `else` stands below its `if`.
            (None, Some((line, piece)), _) if is("else") => Indentation { columns: 0, from: Some((line, piece)) },
            (None, _, Some(hanging)) => body.deeper(hanging),
            (None, ..) => body.deeper(4),
        }
    }

    /// How a comment on a line of its own is indented: like the row that follows, or like what the row holds.
    fn comment_indentation(&self) -> Indentation {
        let closes = self.ahead(0).is_none_or(|token| token.kind == Kind::Close);
        match self.bracket() {
            Some(open) => open.indentation.deeper(4),
            None if closes => Indentation::columns(4 * self.depth()),
            None => self.indentation(),
        }
    }

    fn opens_body(&self) -> bool {
        self.bracket().is_none() && matches!(self.row.head, Head::Network | Head::Branching)
    }

    fn comment(&mut self, token: &Token<'t>) {
        let anchor = (token.kind == Kind::LineComment).then_some(Anchor::Comment);
        self.push(*token, Role::Plain, anchor);
    }

    fn code(&mut self, token: &Token<'t>) {
        let line = self.lines.len() - 1;
        let leads = self.lines[line].pieces.is_empty();
        let begins_row = self.begins_row();
        if begins_row {
            self.row = Row { head: self.head(), first: self.next, leads, ..Row::default() };
            if leads {
                self.lines[line].head = self.row.head;
            }
        }
        if self.row.head == Head::Listing && self.next == self.row.first + 1 && token.newlines == 0 {
            self.row.hanging = self.before().map(|keyword| keyword.text.len() + 1);
        }
        let role = if begins_row { Role::BeginsRow } else { self.role(token) };
        let anchor = self.anchor(token);
        self.push(*token, role, anchor);
        self.note(token);
        self.next += 1;
    }

    fn push(&mut self, token: Token<'t>, role: Role, anchor: Option<Anchor>) {
        // A line begins with each first token, so there is one.
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        let gap = line.pieces.last().map_or(0, |before| spacing::gap(before, &token, role));
        // A column needs a gap to be made in, and a line has each of them once.
        let anchor = anchor.filter(|anchor| gap > 0 && line.pieces.iter().all(|piece| piece.anchor != Some(*anchor)));
        line.pieces.push(Piece { token, role, gap, anchor });
    }

    /// What a token is for the blanks around it.
    fn role(&self, token: &Token) -> Role {
        let after_value = self.before().is_some_and(Token::ends_value);
        match token.text {
            "-" if !after_value => Role::Prefix,
            "(" if self.takes_arguments() => Role::Arguments,
            "{" if self.opens_body() => Role::OpensBody,
            "/" if self.divides_names() => Role::Tight,
            _ => Role::Plain,
        }
    }

    /// Whether the `(` that comes next opens the arguments of a declaration, not those of a call.
    fn takes_arguments(&self) -> bool {
        let declares = match self.row.head {
            Head::Layer => true,
            Head::Kind => self.row.has_equals,
            _ => false,
        };
        let is = |by, text| self.ahead(by).is_some_and(|token: &Token| token.is(text));
        let named = self.ahead(1).is_some_and(|token| token.kind == Kind::Word) && is(2, "=");
        self.bracket().is_none() && declares && (!self.row.in_figure || named || is(1, ")"))
    }

    /// Whether the `/` that comes next is that of `H/2` in brackets.
    fn divides_names(&self) -> bool {
        let is_simple =
            |token: Option<&Token>| token.is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Number));
        let bound =
            |token: Option<&Token>| token.is_some_and(|token| matches!(token.text, "." | "^" | "(" | "[" | "::"));
        let two_before = self.next.checked_sub(2).map(|at| &self.code[at]);
        let is_sign = two_before.filter(|token| token.kind == Kind::Sign);
        self.bracket().is_some()
            && is_simple(self.before())
            && is_simple(self.ahead(1))
            && !bound(is_sign)
            && !bound(self.ahead(2))
    }

    /// The column that a token may stand in.
    fn anchor(&self, token: &Token) -> Option<Anchor> {
        let is_second = self.next == self.row.first + 1;
        if self.bracket().is_some() || !self.row.leads {
            return None;
        }
        let is_arrow = matches!(token.text, "→" | "->");
        match self.row.head {
            Head::Layer if is_second => Some(Anchor::Name),
            Head::Layer if is_arrow => Some(Anchor::Channels),
            Head::Layer if token.is("as") => Some(Anchor::As),
            Head::Map | Head::Let | Head::Kind if token.is("=") && !self.row.has_equals => Some(Anchor::Equals),
            Head::Map | Head::Listing if is_arrow => Some(Anchor::Arrow),
            Head::Expect if token.is("when") => Some(Anchor::When),
            Head::Input if token.is("[") && self.before().is_some_and(|before| before.is(":")) => Some(Anchor::Axes),
            _ => None,
        }
    }

    /// Takes note of a token that was laid out.
    fn note(&mut self, token: &Token) {
        let line = self.lines.len() - 1;
        match (token.kind, token.text) {
            (Kind::Open, _) => {
                let is_body = token.is("{") && self.opens_body();
                let body = Indentation::columns(4 * self.depth());
                let indentation = if is_body { body } else { self.lines[line].indentation };
                let row = if is_body { std::mem::take(&mut self.row) } else { self.row };
                self.open.push(Open { is_body, row, indentation });
            }
            (Kind::Close, _) => {
                if let Some(closed) = self.open.pop()
                    && closed.is_body
                {
                    self.row = closed.row;
                }
            }
            _ if self.bracket().is_some() => {}
            (_, "=") => self.row.has_equals = true,
            (_, "→" | "->" | "×" | "*") => self.row.in_figure = true,
            (_, "x") if self.row.head == Head::Layer && self.next > self.row.first + 1 => {
                self.row.in_figure = true;
                self.row.times = Some(self.next);
            }
            (_, "|>") => self.row.in_figure = false,
            (_, "if") if self.row.leads && self.row.choice.is_none() && self.row.head != Head::Branching => {
                self.row.choice = Some((line, self.lines[line].pieces.len() - 1));
            }
            _ => {}
        }
    }
}
