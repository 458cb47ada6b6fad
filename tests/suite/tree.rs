//! A syntax tree as compact text without places: a line a row, expressions fully bracketed, so that precedence shows.

use neckar_spec::syntax::ast::*;

/// A whole text.
pub fn file(file: &File) -> String {
    let mut lines: Vec<String> = file.imports.iter().map(import).collect();
    if !file.numerics.is_empty() {
        lines.push(format!("numerics {}", arguments(&file.numerics)));
    }
    lines.extend(file.kinds.iter().map(kind));
    lines.extend(file.allows.iter().map(allow));
    for network in &file.networks {
        let keyword = if network.is_arch { "arch" } else { "block" };
        let prefix = network.prefix.as_ref().map(|prefix| format!(" as {}", template(prefix))).unwrap_or_default();
        let at = optional(" at ", &network.at);
        lines.extend(network.doc.lines().map(|line| format!("/// {line}")));
        let parameters = parameters(&network.parameters);
        lines.push(format!("{keyword} {}{parameters}{prefix}{at}", network.name.node));
        rows(&network.rows, 1, &mut lines);
    }
    lines.join("\n") + "\n"
}

fn import(import: &Import) -> String {
    match &import.target {
        ImportTarget::Path(path) => format!("use {path:?}"),
        ImportTarget::Zoo(name) => format!("use zoo::{name}"),
    }
}

fn kind(kind: &Kind) -> String {
    let part = |part: &Part| {
        let name = part.name.as_ref().map(|name| format!("{}: ", name.node)).unwrap_or_default();
        let out = part.out.as_ref().map(|out| format!(" -> {}", expr(out))).unwrap_or_default();
        format!("\n  {name}{}{out}{}", part.kind.node, optional(" ", &part.arguments))
    };
    let parts: String = kind.parts.iter().map(part).collect();
    format!("kind {}{}{parts}", kind.name.node, parameters(&kind.parameters))
}

fn parameters(parameters: &[Parameter]) -> String {
    let each = parameters.iter().map(|parameter| {
        let ty = parameter.ty.as_ref().map(|ty| {
            let alternatives = ty.alternatives.iter().map(|alternative| match &alternative.node {
                Alternative::Word(word) => word.clone(),
                Alternative::Number(number) => number.to_string(),
            });
            let alternatives = alternatives.collect::<Vec<_>>().join(" | ");
            if ty.list { format!(": [{alternatives}]") } else { format!(": {alternatives}") }
        });
        let default = parameter.default.as_ref().map(|default| format!(" = {}", expr(default)));
        format!("{}{}{}", parameter.name.node, ty.unwrap_or_default(), default.unwrap_or_default())
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!("({})", each.join(", ")) }
}

fn rows(rows: &[Row], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for row in rows {
        match &row.kind {
            RowKind::For { variable, from, to, down, rows: inner } => {
                let down = if *down { "down " } else { "" };
                lines.push(format!("{indent}for {} in {} {down}to {}", variable.node, expr(from), expr(to)));
                self::rows(inner, depth + 1, lines);
            }
            RowKind::If { condition, then, otherwise } => {
                lines.push(format!("{indent}if {}", expr(condition)));
                self::rows(then, depth + 1, lines);
                if !otherwise.is_empty() {
                    lines.push(format!("{indent}else"));
                    self::rows(otherwise, depth + 1, lines);
                }
            }
            kind => lines.push(format!("{indent}{}", plain_row(kind))),
        }
    }
}

fn plain_row(row: &RowKind) -> String {
    match row {
        RowKind::Numerics(numerics) => format!("numerics {}", arguments(numerics)),
        RowKind::Input { name: input, shape: declared, image } => {
            let image = image.as_ref().map(|image| format!(" image{}", arguments(&image.node))).unwrap_or_default();
            format!("input {}{}{image}", name(input), shape(": ", declared))
        }
        RowKind::Output(outputs) => format!("output {}", outputs.iter().map(output).collect::<Vec<_>>().join(", ")),
        RowKind::Let { name, value } => format!("let {} = {}", name.node, expr(value)),
        RowKind::Layer(layer) => {
            let names: Vec<String> = layer.names.iter().map(name).collect();
            let repeat = layer.repeat.as_ref().map(|repeat| format!(" x {}", expr(repeat))).unwrap_or_default();
            let input = layer.input.as_ref().map(|input| format!(" {}", expr(input))).unwrap_or_default();
            let out = layer.out.as_ref().map(|out| format!(":{input} -> {}", expr(out))).unwrap_or_default();
            let alias = layer.checkpoint.as_ref().map(|alias| format!(" as {}", template(alias))).unwrap_or_default();
            let arguments = optional(" ", &layer.arguments);
            format!("layer {} {}{repeat}{out}{arguments}{alias}", layer.kind.node, names.join(", "))
        }
        RowKind::Map { name: map, value, shape: declared } => {
            format!("{} = {}{}", name(map), expr(value), shape(" -> ", declared))
        }
        RowKind::Expect(expectation) => expect(expectation),
        RowKind::Ignore(patterns) => format!("ignore {}", patterns.iter().map(template).collect::<Vec<_>>().join(", ")),
        RowKind::Allow(row) => allow(row),
        RowKind::For { .. } | RowKind::If { .. } => unreachable!("rows with rows inside are printed by their caller"),
    }
}

fn allow(row: &Allow) -> String {
    let names: Vec<&str> = row.names.iter().map(|name| name.node.as_str()).collect();
    format!("allow {} {} {}", row.lint.lint().unwrap_or_default(), names.join(", "), row.reason.node)
}

fn output(item: &Output) -> String {
    match &item.value {
        OutputValue::Same => name(&item.name),
        OutputValue::Map(value, declared) => {
            format!("{} = {}{}", name(&item.name), expr(value), shape(" -> ", declared))
        }
        OutputValue::List(items) => {
            format!("{}: [{}]", name(&item.name), items.iter().map(output).collect::<Vec<_>>().join(", "))
        }
    }
}

fn expect(expectation: &Expectation) -> String {
    let part = |word: &str, part: &Option<Expr>| part.as_ref().map(|part| format!(" {word} {}", expr(part)));
    let ends = [part("mod", &expectation.modulus), part("within", &expectation.within)];
    let at = optional(" at ", &expectation.at);
    let when = part("when", &expectation.when).unwrap_or_default();
    let ends: String = ends.into_iter().flatten().collect();
    let (left, right) = (expr(&expectation.left), expr(&expectation.right));
    format!("expect {left} {:?} {right}{ends}{at}{when}", expectation.relation.node)
}

fn name(name: &Name) -> String {
    if name.indices.is_empty() { name.base.node.clone() } else { format!("{}{}", name.base.node, exprs(&name.indices)) }
}

fn shape(before: &str, shape: &Option<ShapeExpr>) -> String {
    shape.as_ref().map(|shape| format!("{before}{}", exprs(&shape.axes))).unwrap_or_default()
}

fn exprs(each: &[Expr]) -> String {
    format!("[{}]", each.iter().map(expr).collect::<Vec<_>>().join(", "))
}

fn optional(before: &str, each: &[Argument]) -> String {
    if each.is_empty() { String::new() } else { format!("{before}{}", arguments(each)) }
}

fn arguments(arguments: &[Argument]) -> String {
    let each = arguments.iter().map(|argument| match &argument.name {
        Some(name) => format!("{} = {}", name.node, expr(&argument.value)),
        None => expr(&argument.value),
    });
    format!("({})", each.collect::<Vec<_>>().join(", "))
}

fn template(template: &Template) -> String {
    let piece = |piece: &TemplatePiece| match piece {
        TemplatePiece::Text(text) => text.clone(),
        TemplatePiece::Value(value) => format!("{{{}}}", expr(value)),
    };
    format!("{:?}", template.pieces.iter().map(piece).collect::<String>())
}

fn expr(expr: &Expr) -> String {
    let inner = self::expr;
    match &expr.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(x) => format!("{x:?}"),
        ExprKind::Text(text) => template(text),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Index(base, indices) => format!("{}{}", inner(base), exprs(indices)),
        ExprKind::Member(base, member) => format!("{}.{}", inner(base), member.node),
        ExprKind::Call(callee, given) => format!("{}{}", inner(callee), arguments(given)),
        ExprKind::Pipe(left, right) => format!("({} |> {})", inner(left), inner(right)),
        ExprKind::List(items) => {
            let item = |item: &ListItem| match item {
                ListItem::Value(value) => inner(value),
                ListItem::Range(from, to) => format!("{}..{}", inner(from), inner(to)),
            };
            format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Unary(op, operand) => format!("({op:?} {})", inner(operand)),
        ExprKind::Binary(op, left, right) => format!("({} {:?} {})", inner(left), op.node, inner(right)),
        ExprKind::If(condition, then, otherwise) => {
            format!("(if {} {} else {})", inner(condition), inner(then), inner(otherwise))
        }
    }
}
