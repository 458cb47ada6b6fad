/**
 * The language of `.arch` files, after `spec/src/syntax/grammar.pest`.
 *
 * Blanks mean nothing to the grammar, so where a row ends is decided by what follows; the two places that one token does
 * not decide are declared in `conflicts`.
 */

// How tightly operators hold, as in `spec/src/syntax/expressions.rs`.
const POWER = { or: 1, and: 2, not: 3, compare: 4, pipe: 5, concat: 6, add: 7, multiply: 8, negate: 9, power: 10 };

const BINARY = [
  [POWER.or, "or"],
  [POWER.and, "and"],
  [POWER.compare, choice("==", "!=", "<=", ">=", "<", ">")],
  [POWER.pipe, "|>"],
  [POWER.concat, "⊕"],
];

// The operators of figures too: channels, repeats and expectations.
const ARITHMETIC = [
  [POWER.add, choice("+", "-")],
  [POWER.multiply, choice("*", "/")],
  [POWER.power, "^", prec.right],
];

const RESERVED = [
  "arch", "block", "kind", "use", "numerics", "input", "output", "expect", "let", "for", "in", "to", "if", "else",
  "when", "at", "as", "ignore", "within", "and", "or", "not", "mod", "true", "false",
];

const listed = (rule) => seq(rule, repeat(seq(",", rule)));
const enclosed = (open, rule, close) => seq(open, optional(seq(listed(rule), optional(","))), close);
const arrow = choice("->", "→");

/** Unary and binary expressions over `operand`. */
const operations = (operand, table) =>
  choice(
    prec(POWER.negate, seq(field("operator", "-"), field("operand", operand))),
    prec(POWER.not, seq(field("operator", "not"), field("operand", operand))),
    ...table.map(([power, operator, group = prec.left]) =>
      group(power, seq(field("left", operand), field("operator", operator), field("right", operand))),
    ),
  );

export default grammar({
  name: "arch",

  word: ($) => $.identifier,
  reserved: { global: (_) => RESERVED },
  extras: ($) => [/\s/, $.comment, $.doc_comment],
  supertypes: ($) => [$.item, $.row, $.expression],
  inline: ($) => [$._word],

  conflicts: ($) => [
    // `conv c: -> f (…)`: the call of a function, or the arguments of the row.
    [$._figure, $._figure_call],
    // `Block b x 3` repeats the layer, `conv b  x = …` begins a row; and so with `input a  image (…)`.
    [$.layer],
    [$.input],
    // `allow unused_row "why"`, where a layer of a kind called `allow` would stand as well.
    [$.allow, $.name],
  ],

  rules: {
    source_file: ($) => repeat($.item),

    item: ($) => choice($.import, $.numerics, $.allow, $.kind, $.architecture, $.block),
    import: ($) => seq("use", choice(field("path", $.string), $.zoo_path)),
    zoo_path: ($) => seq(field("source", $._word), "::", field("name", $._word)),
    numerics: ($) => seq("numerics", enclosed("{", $.setting, "}")),
    setting: ($) => seq(field("name", $._word), "=", field("value", $.expression)),

    kind: ($) =>
      seq(
        "kind", field("name", $._word), optional(field("parameters", $.parameters)), "=",
        $.part, repeat(seq("|>", $.part)),
      ),
    part: ($) =>
      seq(
        optional(seq(field("name", $._word), ":")), field("kind", $._word),
        optional(seq(arrow, field("out", $._figure))), optional(field("arguments", $.arguments)),
      ),
    parameters: ($) => enclosed("(", $.parameter, ")"),
    parameter: ($) =>
      seq(
        field("name", $._word), optional(seq(":", field("type", $.type))), optional(seq("=", field("default", $.expression))),
      ),
    type: ($) => choice($._choices, seq("[", $._choices, "]")),
    _choices: ($) => seq($._choice, repeat(seq("|", $._choice))),
    _choice: ($) => choice($._word, $.number),

    architecture: ($) => seq("arch", $._network),
    block: ($) => seq("block", $._network),
    _network: ($) =>
      seq(
        field("name", $._word), optional(field("parameters", $.parameters)), optional($.alias), optional($.sizes),
        field("body", $.body),
      ),
    alias: ($) => seq("as", field("name", $.string)),
    sizes: ($) => seq("at", listed($.setting)),
    body: ($) => seq("{", repeat($.row), "}"),

    row: ($) =>
      choice(
        $.numerics, $.input, $.output, $.let, $.for, $.if, $.expect, $.ignore, $.allow, $.map, $.layer,
      ),
    input: ($) => seq("input", field("name", $.name), optional(seq(":", field("shape", $.shape))), optional($.image)),
    image: ($) => seq("image", field("arguments", $.arguments)),
    output: ($) => seq("output", listed($.output_item)),
    output_item: ($) =>
      seq(
        field("name", $.name),
        optional(choice(seq("=", field("value", $.expression), optional($._declared)), seq(":", $.output_list))),
      ),
    output_list: ($) => enclosed("[", $.output_item, "]"),
    let: ($) => seq("let", field("name", $._word), "=", field("value", $.expression)),
    for: ($) =>
      seq(
        "for", field("variable", $._word), "in", field("from", $.expression), optional("down"), "to",
        field("to", $.expression), field("body", $.body),
      ),
    if: ($) =>
      seq(
        "if", field("condition", $.expression), field("then", $.body),
        repeat(seq("else", "if", field("condition", $.expression), field("then", $.body))),
        optional(seq("else", field("else", $.body))),
      ),
    expect: ($) =>
      seq(
        "expect", field("figure", $._figure), field("relation", choice("==", "!=", "<=", ">=", "<", ">", "~=")),
        field("value", $._figure), optional(seq("mod", field("modulus", $._figure))),
        optional(seq("within", field("bound", $._figure))), optional($.sizes),
        optional(seq("when", field("condition", $.expression))),
      ),
    ignore: ($) => seq("ignore", listed($.string)),
    allow: ($) =>
      prec.dynamic(
        1,
        seq("allow", field("lint", $._word), optional(seq(":", listed(field("name", $._word)))), optional(field("reason", $.string))),
      ),
    map: ($) => seq(field("name", $.name), "=", field("value", $.expression), optional($._declared)),
    layer: ($) =>
      seq(
        field("kind", $._word),
        choice(seq(field("name", $.name), $.times), listed(field("name", $.name))),
        optional($.channels), optional(field("arguments", $.arguments)), optional($.alias),
      ),
    times: ($) => prec.dynamic(1, seq(choice("x", "*", "×"), field("count", $._figure))),
    channels: ($) => seq(":", optional(field("in", $._figure)), arrow, field("out", $._figure)),
    name: ($) => seq($._word, optional($.index)),
    _declared: ($) => seq(arrow, field("shape", $.shape)),
    shape: ($) => enclosed("[", $.expression, "]"),

    expression: ($) => choice($._primary, $.operation),
    operation: ($) => operations($.expression, [...BINARY, ...ARITHMETIC, [POWER.multiply, "mod"]]),
    _primary: ($) => choice($._value, $.call, $.indexed, $.member),
    _value: ($) => choice($.number, $.string, $.boolean, $._word, $.list, $.group, $.choose),
    call: ($) => seq(field("function", $._primary), field("arguments", $.arguments)),
    indexed: ($) => seq(field("value", $._primary), $.index),
    member: ($) => seq(field("value", $._primary), ".", field("member", $._word)),

    // Arithmetic alone. A `(` before `name =` opens the arguments of the row.
    _figure: ($) => choice($._figure_primary, alias($._figure_operation, $.operation)),
    _figure_operation: ($) => operations($._figure, ARITHMETIC),
    _figure_primary: ($) =>
      choice(
        $._value,
        alias($._figure_call, $.call), alias($._figure_indexed, $.indexed), alias($._figure_member, $.member),
      ),
    _figure_call: ($) =>
      prec.dynamic(1, seq(field("function", $._figure_primary), field("arguments", alias($._positional, $.arguments)))),
    _positional: ($) => seq("(", alias($._positional_argument, $.argument), repeat(seq(",", $.argument)), optional(","), ")"),
    _positional_argument: ($) => field("value", $.expression),
    _figure_indexed: ($) => seq(field("value", $._figure_primary), $.index),
    _figure_member: ($) => seq(field("value", $._figure_primary), ".", field("member", $._word)),

    arguments: ($) => enclosed("(", $.argument, ")"),
    argument: ($) => seq(optional(seq(field("name", $._word), "=")), field("value", $.expression)),
    index: ($) => seq("[", listed($.expression), "]"),
    list: ($) => enclosed("[", $.list_item, "]"),
    list_item: ($) => seq($.expression, optional(seq("..", $.expression))),
    group: ($) => seq("(", $.expression, ")"),
    choose: ($) =>
      seq(
        "if", field("condition", $.expression), $._branch,
        repeat(seq("else", "if", field("condition", $.expression), $._branch)),
        "else", $._branch,
      ),
    _branch: ($) => seq("{", field("value", $.expression), "}"),

    // Words that mean something in one place only are names everywhere else.
    _word: ($) => choice($.identifier, ...["x", "down", "image", "allow"].map((word) => alias(word, $.identifier))),
    identifier: (_) => /[\p{XID_Start}_]\p{XID_Continue}*/,
    boolean: (_) => choice("true", "false"),
    number: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?[kMG]?/,
    string: ($) => seq('"', repeat(choice($._text, $.escape, $.interpolation)), token.immediate('"')),
    _text: (_) => token.immediate(prec(1, /[^"\\{}\n]+/)),
    escape: (_) => token.immediate(choice('\\"', "\\\\", "{{", "}}")),
    interpolation: ($) => seq(token.immediate("{"), $.expression, "}"),

    comment: (_) => token(choice(/\/\/[^\n]*/, /\/\*([^*]|\*+[^*/])*\*+\//)),
    doc_comment: (_) => token(prec(1, /\/\/\/[^\n]*/)),
  },
});
