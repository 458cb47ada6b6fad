//! `audit`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::common::{Folder, LINE, TINY};

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let mut all = vec!["audit", "--format", "json"];
    all.extend(arguments);
    serde_json::from_str(&folder.neckar(&all).out).expect("it is JSON")
}

#[test]
fn figures_in_a_terminal() {
    let folder = Folder::new();
    let said = folder.succeed(&["audit", "./tiny.arch", "--at", "H=16,W=4"]);
    assert_eq!(said.err, "");
    assert!(said.out.starts_with("./tiny.arch: Tiny (c = 2) at B = 1, H = 16, W = 4\n"), "{}", said.out);
    let line = |name: &str| {
        let line = said.out.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("{name} in {}", said.out)).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // m: 2·3·9 + 2 parameters, 54·16·4 MACs, 2·16·4 floats; a pool of 2 sees 4 pixels of it.
    assert!(line("m").ends_with("[B, 2, H, W] [1, 2, 16, 4] 56 0 3_456 0.5 3 1 0"), "{}", line("m"));
    assert!(line("y").ends_with("[B, 2, H/2, W/2] [1, 2, 8, 2] yes 0 0 0 0.1 4 2 0"), "{}", line("y"));
    assert!(line("c1").ends_with("56 0 3_456"), "{}", line("c1"));
    assert!(said.out.contains("work: 3_456 MACs, 6_912 FLOPs (1 MAC is 2 FLOPs)\n"));
    // 2·16·4 and 2·8·2 floats.
    assert!(said.out.contains("maps of all rows in 32-bit floats: 640 bytes\n"));
    assert!(said.out.contains("legal sizes: H mod 2 in {0}; W mod 2 in {0}\n"));
    assert!(said.out.contains("arena of the CPU plan, exact: "));

    folder.write("free.arch", LINE.replace(" at H = 2, W = 2", ""));
    let said = folder.succeed(&["audit", "./free.arch"]);
    assert!(said.out.contains("Line, for any size\n") && !said.out.contains("work:"), "{}", said.out);
    assert_eq!(folder.succeed(&["audit", "-q", "./tiny.arch"]).out, "");
}

#[test]
fn nested_rows() {
    let folder = Folder::new();
    let said = folder.succeed(&["audit", "resnet50_fpn"]);
    assert!(!said.out.contains("body.layer1.0.y"));
    let said = folder.succeed(&["audit", "-v", "resnet50_fpn"]);
    assert!(said.out.contains("body.layer1.0.y"));
}

#[test]
fn bounds() {
    let folder = Folder::new();
    let clean: &[&[&str]] = &[
        &["--max-params", "56", "--max-macs", "3456", "--at", "H=16,W=4"],
        &["--max-params", "0.1k", "--max-macs", "1G"],
        &["--assert-shape", "y=[B, 2, H/2, W/2]", "--assert-shape", "m=[B,2,H,W]"],
        &["--assert-shape", "y=[1, 2, 4, 4]"],
        &["--assert-shape", "y=[B, 2, floor(H/2), ceil(W/2)]", "--assert-shape", "x=[B, 3, H, W]"],
    ];
    for gates in clean {
        folder.succeed(&[&["audit", "./tiny.arch"], *gates].concat());
    }
    let failing: &[(&[&str], &str)] = &[
        (&["--max-params", "55"], "Tiny has 56 parameters, above 55"),
        (&["--max-macs", "3455"], "Tiny takes 3_456 MACs at B = 1, H = 8, W = 8, above 3_455"),
        (
            &["--assert-shape", "y=[B, 2, H/4, W/2]"],
            "`y` is [B, 2, H/2, W/2], here [1, 2, 4, 4], expected [B, 2, H/4, W/2]",
        ),
        (&["--assert-shape", "y=[B, 2, 5, 4]"], "`y` is [B, 2, H/2, W/2]"),
        (&["--assert-shape", "m=[B, 2, H]"], "`m` is [B, 2, H, W]"),
    ];
    for (gates, message) in failing {
        let said = folder.neckar(&[&["audit", "./tiny.arch"], *gates].concat());
        assert_eq!(said.code, 1, "{gates:?}");
        assert!(said.err.starts_with(&format!("error: ./tiny.arch: {message}")), "{}", said.err);
    }
}

#[test]
fn misuse() {
    let folder = Folder::new();
    folder.write("free.arch", LINE.replace(" at H = 2, W = 2", ""));
    let cases: &[(&[&str], i32, &str)] = &[
        (&["./tiny.arch", "--at", "V=3"], 2, "`Tiny` has no free size `V` for `at`; its free sizes are H, W, B"),
        (&["./tiny.arch", "--at", "H=0"], 2, "`0` is not a whole number above 0"),
        (&["./tiny.arch", "--at", "H=8,H=8"], 2, "the size `H` is given twice"),
        (&["./tiny.arch", "--at", "H=7"], 3, "H = 7 is not legal: the nearest legal sizes are 6 and 8"),
        (&["./tiny.arch", "--max-macs", "many"], 2, "expected a number such as 653_312, 25.5M or 4.1G"),
        (&["./tiny.arch", "--assert-shape", "yy=[B]"], 2, "has no map `yy` for assert-shape"),
        (&["./tiny.arch", "--assert-shape", "y=B"], 2, "is not a shape such as"),
        (
            &["./free.arch", "--max-macs", "1"],
            3,
            "max-macs needs sizes, and `Line` gives none; add `at`, such as --at H=224,W=224",
        ),
        (&["./free.arch", "--assert-shape", "y=[B, 1, 2, 2]"], 3, "assert-shape needs sizes"),
        (&["./tiny.arch", "--format", "github", "--output", "x"], 2, "leave --output out"),
        (&["./none.arch"], 3, "cannot read"),
        (&["./tiny.arch", "--output", "none/x"], 3, "cannot write"),
        (&["./tiny.arch", "--set", "d=3"], 2, "NK0104"),
    ];
    for (arguments, code, message) in cases {
        let said = folder.neckar(&[&["audit"], *arguments].concat());
        assert_eq!(said.code, *code, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(message), "{arguments:?}: {}", said.err);
    }
}

fn schema() -> Value {
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.schema.json"));
    serde_json::from_str(&schema.expect("it is in the repository")).expect("it is JSON")
}

#[test]
fn json_follows_its_schema() {
    let folder = Folder::new();
    folder.write("wrong.arch", TINY.replace("H/2, W/2", "H/2, W"));
    folder.write("expect.arch", LINE.replace("output y = c(x)", "output y = c(x)\n    expect params(self) == 3"));
    let schema = schema();
    let arguments =
        ["./wrong.arch", "./expect.arch", "./tiny.arch", "resnet50_fpn", "resnet", "--dialects", "--max-params", "9"];
    let document = json(&folder, &arguments);
    let problems = problems(&document, &schema, &schema, "$");
    assert!(problems.is_empty(), "{problems:#?}");

    let reports = document["reports"].as_array().expect("an array");
    assert!(reports[0]["network"].is_null());
    let finding = &reports[0]["findings"][0];
    assert_eq!((&finding["rule"], &finding["place"]["line"]), (&"NK0201".into(), &5.into()));
    assert_eq!(reports[1]["findings"][0]["rule"], "NK0301");
    assert_eq!(reports[1]["network"]["expectations"][0]["holds"], false);
    assert_eq!(reports[2]["findings"][0]["rule"], "max-params");
    let row = |name: &str| {
        let rows = reports[3]["network"]["rows"].as_array().expect("an array");
        rows.iter().find(|row| row["name"] == name).expect("a row of the spec")
    };
    // 427 pixels stand in the design documents; each of five strides of 2 moves the centre by half a pixel of its level.
    let axis = serde_json::json!({ "size": 427.0, "stride": 32.0, "centre_offset": -15.5 });
    assert_eq!(row("C5")["receptive_field"], serde_json::json!({ "rows": axis, "columns": axis }));
    // torchvision: pytorch.org/vision/stable/models.html.
    assert_eq!(reports[4]["network"]["total"]["parameters"], 25_557_032);
    assert_eq!(reports[4]["network"]["dialects"].as_array().map(Vec::len), Some(4));

    assert_eq!(json(&folder, &arguments), document, "the order is stable");
}

#[test]
fn the_schema_test_refuses_what_differs() {
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "required": ["a"],
        "properties": { "a": { "type": ["integer", "null"], "minimum": 1 }, "b": { "enum": ["x"] } }
    });
    for (value, fits) in [
        (serde_json::json!({ "a": 1 }), true),
        (serde_json::json!({ "a": null, "b": "x" }), true),
        (serde_json::json!({ "a": 0 }), false),
        (serde_json::json!({ "a": "1" }), false),
        (serde_json::json!({ "b": "x" }), false),
        (serde_json::json!({ "a": 1, "b": "y" }), false),
        (serde_json::json!({ "a": 1, "c": 1 }), false),
        (serde_json::json!([]), false),
    ] {
        assert_eq!(problems(&value, &schema, &schema, "$").is_empty(), fits, "{value}");
    }
}

/// Where a value differs from a schema, of the keywords that `docs/audit.schema.json` uses.
fn problems(value: &Value, schema: &Value, root: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let target = rule.as_str().and_then(|rule| rule.strip_prefix('#'));
                let target = target.and_then(|pointer| root.pointer(pointer)).expect("it is defined");
                found.extend(problems(value, target, root, path));
            }
            "const" => found.extend((value != rule).then(|| format!("{path}: {value} is not {rule}"))),
            "enum" => {
                let words = rule.as_array().expect("an array");
                found.extend((!words.contains(value)).then(|| format!("{path}: {value} is none of {rule}")));
            }
            "anyOf" => {
                let mut choices = rule.as_array().expect("an array").iter();
                let fits = choices.any(|choice| problems(value, choice, root, path).is_empty());
                found.extend((!fits).then(|| format!("{path}: {value} fits none of {rule}")));
            }
            "type" => {
                let own = match value {
                    Value::Null => vec!["null"],
                    Value::Bool(_) => vec!["boolean"],
                    Value::Number(n) if n.is_f64() => vec!["number"],
                    Value::Number(_) => vec!["number", "integer"],
                    Value::String(_) => vec!["string"],
                    Value::Array(_) => vec!["array"],
                    Value::Object(_) => vec!["object"],
                };
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let fits = types.iter().any(|name| own.iter().any(|own| name == own));
                found.extend((!fits).then(|| format!("{path}: {value} is not of type {rule}")));
            }
            "minimum" => {
                let low = value.as_f64().zip(rule.as_f64()).is_some_and(|(value, least)| value < least);
                found.extend(low.then(|| format!("{path}: {value} is below {rule}")));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(i, item)| problems(item, rule, root, &format!("{path}[{i}]"))));
            }
            "required" => {
                let missing = rule.as_array().expect("an array").iter().filter_map(Value::as_str);
                let missing = missing.filter(|name| value.is_object() && value.get(*name).is_none());
                found.extend(missing.map(|name| format!("{path}: `{name}` is missing")));
            }
            "properties" | "additionalProperties" => {
                let known: BTreeSet<&str> =
                    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                for (name, value) in value.as_object().into_iter().flatten() {
                    let path = format!("{path}.{name}");
                    if keyword == "properties" && known.contains(name.as_str()) {
                        found.extend(problems(value, &rule[name.as_str()], root, &path));
                    } else if keyword == "additionalProperties" && !known.contains(name.as_str()) {
                        found.extend(match rule {
                            Value::Bool(false) => vec![format!("{path} is not known")],
                            rule => problems(value, rule, root, &path),
                        });
                    }
                }
            }
            other => panic!("the test does not know `{other}`"),
        }
    }
    found
}

#[test]
fn reports_as_files() {
    let folder = Folder::new();
    let said = folder.succeed(&["audit", "./tiny.arch", "--format", "markdown", "--output", "report.md"]);
    assert_eq!(said.out, "");
    let text = fs::read_to_string(folder.path("report.md")).expect("it was written");
    assert!(
        text.starts_with("### `./tiny.arch`\n\nTiny (c = 2) at B = 1, H = 8, W = 8\n\n| row | is made by |"),
        "{text}"
    );
    assert!(text.contains("\n| --- | --- | --- | --- | --- | ---: |"), "{text}");
    assert!(folder.names().iter().all(|name| !name.starts_with(".neckar-")));
}

#[test]
fn warnings_leave_it_clean() {
    let folder = Folder::new();
    // Up-sampling by four over strides of 2 whose centres stay at pixel 0: 3 pixels, 1.5 cells of 2.
    let text = "arch Skew at H = 16, W = 16 {
    input x: [B, 1, H, W]
    conv c1, c2, c3: -> 1 (kernel = 3, stride = 2, padding = 1)
    a = c1(x)
    output y = a + Up(c3(c2(a)), factor = 4, mode = nearest)
}
";
    folder.write("skew.arch", text);
    let said = folder.succeed(&["audit", "./skew.arch"]);
    assert!(said.err.starts_with("warning[NK0402]: maps are fused whose centres lie 3 pixels apart"), "{}", said.err);
}

#[test]
fn annotations_for_github() {
    let folder = Folder::new();
    folder.write("wrong.arch", TINY.replace("H/2, W/2", "H/2, W"));
    let rows: String = (0..12).map(|i| format!("    r{i} = relu(missing{i})\n")).collect();
    folder.write("many.arch", LINE.replace("    output", &format!("{rows}    output")));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neckar"));
        command.args(["audit", "--format", "github"]).args(arguments).current_dir(folder.path("."));
        let output = command.env("GITHUB_STEP_SUMMARY", folder.path("summary.md")).output().expect("it was built");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, out) = run(&["./wrong.arch", "./tiny.arch", "--max-params", "5"]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(lines[0].starts_with("::error file=wrong.arch,line=5,endLine=5,col="), "{out}");
    assert!(lines[0].contains(",title=NK0201::"), "{out}");
    assert_eq!(lines[1], "::error title=max-params::./tiny.arch: Tiny has 56 parameters, above 5");
    let summary = fs::read_to_string(folder.path("summary.md")).expect("it was written");
    assert!(summary.contains("### `./wrong.arch`") && summary.contains("### `./tiny.arch`"), "{summary}");
    assert!(summary.contains("- **error** max-params: Tiny has 56 parameters, above 5\n"), "{summary}");

    // Twelve errors: nine and how many are left, as GitHub shows ten.
    let (code, out) = run(&["./many.arch"]);
    assert_eq!((code, out.lines().count()), (Some(1), 10), "{out}");
    assert!(out.ends_with("::error title=neckar audit::3 more findings stand in the log and the summary\n"), "{out}");
}

#[test]
fn plans() {
    let folder = Folder::new();
    let plain = json(&folder, &["./tiny.arch"]);
    assert!(plain["reports"][0]["network"]["plan"].is_null());
    let document = json(&folder, &["./tiny.arch", "--at", "B=2", "--plan=exact"]);
    let (schema, network) = (schema(), &document["reports"][0]["network"]);
    let problems = problems(&document, &schema, &schema, "$");
    assert!(problems.is_empty(), "{problems:#?}");
    let plan = &network["plan"];
    assert_eq!((&plan["numerics"], &plan["arena_bytes"]), (&"exact".into(), &network["arena_bytes"]));
    let parts = plan["parts"].as_array().expect("parts");
    let said = |key: &str| parts.iter().map(|part| part[key].clone()).collect::<Vec<_>>();
    assert_eq!(said("kind"), ["input", "step", "step", "output"]);
    assert_eq!(said("name"), ["x", "m", "y", "y"]);
    assert_eq!(said("time"), [0, 1, 2, 3]);
    assert_eq!(said("algorithm"), ["import", "gemm", "pool", "export"]);
    // A map is needed from when it is made to the last step that reads it; outputs are the caller's.
    assert_eq!(
        parts.iter().map(|part| part["place"]["until"].as_u64()).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(3), None]
    );
    let bytes: Vec<Option<u64>> = parts.iter().map(|part| part["place"]["bytes"].as_u64()).collect();
    assert_eq!(bytes, [Some(2 * 3 * 64 * 4), Some(2 * 2 * 64 * 4), Some(2 * 2 * 16 * 4), None]);

    assert_eq!(plan["unfused"], serde_json::json!([]));

    let text = folder.succeed(&["audit", "./tiny.arch", "--plan"]).out;
    assert!(text.contains("conv 3x3/1 + relu") && text.contains("plan in `fast` numerics"), "{text}");
    folder.write("free.arch", TINY.replace(" at H = 8, W = 8", ""));
    let said = folder.neckar(&["audit", "./free.arch", "--plan"]);
    assert!(said.code == 3 && said.err.contains("plan needs sizes"), "{}", said.err);
}

#[test]
fn plans_say_what_was_not_fused() {
    let folder = Folder::new();
    let fused = folder.succeed(&["audit", "lite_fpn", "--plan"]).out;
    assert!(fused.ends_with("of a thread's workspace\n"), "all of it is fused: {fused}");

    // A weighted sum multiplies each operand, so it takes them at its own size; the sum of `Hr` and `U3` is a plain one.
    let weighted = ["lite_fpn", "--set", "fuse=weighted", "--plan"];
    let text = folder.succeed(&[&["audit"], &weighted[..]].concat()).out;
    let (_, table) = text.split_once("of a thread's workspace\n").expect("the sums stand before");
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = lines.filter(|line| line.contains(char::is_alphabetic)).collect();
    let expected = [
        "not fused in by the pass since",
        "U5 LiteFpn fuse_upsampled_add `U5` goes into a map on the way to `P4_td`, which is no plain sum",
        "U4 LiteFpn fuse_upsampled_add `U4` goes into a map on the way to `P3_td`, which is no plain sum",
    ];
    assert_eq!(lines, expected, "{table}");

    let (document, schema) = (json(&folder, &weighted), schema());
    let problems = problems(&document, &schema, &schema, "$");
    assert!(problems.is_empty(), "{problems:#?}");
    let unfused = &document["reports"][0]["network"]["plan"]["unfused"];
    let first = serde_json::json!({
        "pass": "fuse_upsampled_add", "block": "LiteFpn", "row": "U5", "reason": "not_added",
        "text": "`U5` goes into a map on the way to `P4_td`, which is no plain sum",
    });
    assert_eq!((unfused.as_array().map(Vec::len), &unfused[0]), (Some(2), &first));
}
