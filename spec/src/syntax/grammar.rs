//! The wall around pest: its rules, what messages call them, and the walk over their parts.

use pest::iterators::{Pair as PestPair, Pairs};

#[derive(pest_derive::Parser)]
#[grammar = "syntax/grammar.pest"]
pub(super) struct Grammar;

pub(super) type Pair<'s> = PestPair<'s, Rule>;

/// Words that no name can be.
pub(super) const KEYWORDS: [&str; 25] = [
    "arch", "block", "kind", "use", "numerics", "input", "output", "expect", "let", "for", "in", "to", "if", "else",
    "when", "at", "as", "ignore", "within", "and", "or", "not", "mod", "true", "false",
];

/// How a token that carries no meaning of its own is written.
fn token(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::assign => "`=`",
        Rule::colon => "`:`",
        Rule::arrow => "`->`",
        Rule::path => "`::`",
        Rule::pipe => "`|>`",
        Rule::bar => "`|`",
        Rule::dots => "`..`",
        Rule::dot => "`.`",
        Rule::comma => "`,`",
        Rule::lparen => "`(`",
        Rule::rparen => "`)`",
        Rule::lbracket => "`[`",
        Rule::rbracket => "`]`",
        Rule::lbrace => "`{`",
        Rule::rbrace => "`}`",
        Rule::times_sign => "`x`",
        Rule::kw_arch => "`arch`",
        Rule::kw_block => "`block`",
        Rule::kw_kind => "`kind`",
        Rule::kw_use => "`use`",
        Rule::kw_numerics => "`numerics`",
        Rule::kw_input => "`input`",
        Rule::kw_output => "`output`",
        Rule::kw_expect => "`expect`",
        Rule::kw_let => "`let`",
        Rule::kw_for => "`for`",
        Rule::kw_in => "`in`",
        Rule::kw_to => "`to`",
        Rule::kw_down => "`down`",
        Rule::kw_if => "`if`",
        Rule::kw_else => "`else`",
        Rule::kw_when => "`when`",
        Rule::kw_at => "`at`",
        Rule::kw_as => "`as`",
        Rule::kw_ignore => "`ignore`",
        Rule::kw_within => "`within`",
        Rule::kw_mod => "`mod`",
        Rule::kw_image => "`image`",
        Rule::kw_allow => "`allow`",
        Rule::EOI => "the end",
        _ => return None,
    })
}

/// What messages call a rule.
pub(super) fn phrase(rule: Rule) -> &'static str {
    token(rule).unwrap_or(match rule {
        Rule::word | Rule::name | Rule::setting | Rule::parameter | Rule::output_item => "a name",
        Rule::string | Rule::alias => "a string",
        Rule::number | Rule::digits => "a number",
        Rule::ty | Rule::choice => "a type",
        Rule::import => "an import",
        Rule::zoo => "`zoo::NAME`",
        Rule::one_item => "`arch`, `block`, `kind`, `use` or `numerics`",
        Rule::one_row => "a row",
        Rule::operator | Rule::sign => "an operator",
        Rule::relation => "a comparison",
        Rule::downward => "`down to`",
        Rule::part => "a layer kind",
        Rule::body => "`{`",
        Rule::shape => "a shape",
        _ => "an expression",
    })
}

/// What a rule holds, without the tokens that only hold it together.
pub(super) struct Parts<'s>(Pairs<'s, Rule>);

impl<'s> Parts<'s> {
    pub(super) fn of(pair: Pair<'s>) -> Parts<'s> {
        Parts(pair.into_inner())
    }

    /// The next part, if it is of this rule.
    pub(super) fn optional(&mut self, rule: Rule) -> Option<Pair<'s>> {
        while self.0.peek().is_some_and(|pair| token(pair.as_rule()).is_some()) {
            self.0.next();
        }
        if self.0.peek()?.as_rule() == rule { self.0.next() } else { None }
    }

    /// The next part, which the grammar makes of this rule.
    pub(super) fn need(&mut self, rule: Rule) -> Pair<'s> {
        self.optional(rule).expect("the grammar puts this rule here")
    }
}

impl<'s> Iterator for Parts<'s> {
    type Item = Pair<'s>;

    fn next(&mut self) -> Option<Pair<'s>> {
        self.0.find(|pair| token(pair.as_rule()).is_none())
    }
}
