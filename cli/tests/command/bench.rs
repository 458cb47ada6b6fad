//! What `neckar bench` reports. No test asserts a time.

use crate::common::Folder;
use serde_json::Value;

const FEW: [&str; 4] = ["--runs", "3", "--seconds", "0"];

fn report(folder: &Folder, arguments: &[&str]) -> Value {
    let said = folder.succeed(&[&["bench"], arguments, &FEW, &["--format", "json"]].concat());
    serde_json::from_str(&said.out).expect("it is JSON")
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("`{key}` is a number in {value}"))
}

/// The spread is one, and the rates follow from it.
fn sound(figures: &Value, peak: f64) {
    let quartiles = [0, 1].map(|i| figures["quartiles_ms"][i].as_f64().expect("a number"));
    let [min, median, max] = ["min_ms", "median_ms", "max_ms"].map(|key| number(figures, key));
    let order = [0.0, min, quartiles[0], median, quartiles[1], max];
    assert!(order.is_sorted(), "{figures}");
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    let macs = number(figures, "macs");
    match figures["gflops"].as_f64() {
        Some(gflops) => {
            assert!(near(gflops * median * 1e6, 2.0 * macs), "{figures}");
            assert!(near(number(figures, "peak_share") * peak, gflops), "{figures}");
        }
        None => assert_eq!((macs, &figures["peak_share"]), (0.0, &Value::Null)),
    }
    assert!(near(number(figures, "gbytes_per_second") * median * 1e6, number(figures, "bytes")), "{figures}");
}

fn of_kind<'a>(list: &'a Value, kind: &str) -> Vec<&'a Value> {
    list.as_array().expect("a list").iter().filter(|entry| entry["kind"] == kind).collect()
}

fn names(rows: &[&Value]) -> Vec<String> {
    rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn figures_of_a_network_and_its_rows() {
    let folder = Folder::new();
    let report = report(&folder, &["./tiny.arch", "--threads", "1", "--numerics", "exact"]);
    assert_eq!((&report["schema_version"], &report["network"]), (&1.into(), &"Tiny".into()));
    assert_eq!((&report["runs"], &report["profiled_runs"], &report["threads"]), (&3.into(), &3.into(), &1.into()));
    assert_eq!(report["inputs"]["x"], serde_json::json!([1, 3, 8, 8]));
    let peak = number(&report, "peak_gflops");
    assert!(peak > 0.0);
    sound(&report, peak);
    for row in report["rows"].as_array().expect("rows") {
        sound(&row["figures"], peak);
        assert!((0.0..=1.0).contains(&number(&row["figures"], "share")), "{row}");
    }

    // 2 · 8 · 8 cells of 3 · 3 · 3 taps. Each map is read or written once, as is the weight with its bias; an edge reads
    // and writes its map.
    let rows = of_kind(&report["rows"], "row");
    assert_eq!(names(&rows), ["m", "y"]);
    let work = |row: &Value| [number(&row["figures"], "macs"), number(&row["figures"], "bytes")];
    assert_eq!(work(rows[0]), [3456.0, 4.0 * (192.0 + 128.0 + 54.0 + 2.0)]);
    assert_eq!(work(rows[1]), [0.0, 4.0 * (128.0 + 32.0)]);
    assert_eq!((&rows[0]["algorithms"], &rows[1]["algorithms"]), (&["gemm"].into(), &["pool"].into()));
    assert_eq!(work(of_kind(&report["rows"], "input")[0]), [0.0, 8.0 * 192.0]);
    assert_eq!(work(of_kind(&report["rows"], "output")[0]), [0.0, 8.0 * 32.0]);
    assert_eq!([number(&report, "macs"), number(&report, "bytes")], [3456.0, 1504.0 + 640.0 + 1536.0 + 256.0]);
    let instructions: Vec<&str> =
        report["steps"].as_array().expect("steps").iter().filter_map(|step| step["instruction"].as_str()).collect();
    assert_eq!(instructions, ["lay out", "conv 3x3/1 + relu", "pool 2x2/2", "write"]);
}

#[test]
fn rows_and_work_are_those_of_the_audit() {
    let folder = Folder::new();
    for spec in ["lite_fpn", "resnet18_fpn_cls"] {
        let said = folder.succeed(&["audit", spec, "--at", "H=64,W=64", "--format", "json"]);
        let audit: Value = serde_json::from_str(&said.out).expect("it is JSON");
        let network = &audit["reports"][0]["network"];
        let report = report(&folder, &[spec, "--at", "H=64,W=64"]);
        let rows = of_kind(&report["rows"], "row");
        let audited: Vec<&Value> = network["rows"].as_array().expect("rows").iter().collect();
        assert_eq!(names(&rows), names(&audited));
        for (row, audited) in rows.iter().zip(&audited) {
            assert_eq!((&row["shape"], &row["nested"]), (&audited["shape_at"], &audited["nested"]));
            // A row without figures says where they stand.
            assert_ne!(row["figures"].is_null(), row["elsewhere"].is_null(), "{row}");
        }
        let root = rows.iter().filter(|row| row["nested"] == false && !row["figures"].is_null());
        let sum: f64 = root.map(|row| number(&row["figures"], "macs")).sum();
        assert_eq!(sum, number(&network["total"], "macs"));
        assert_eq!(sum, number(&report, "macs"));
        assert_eq!(report["arena_bytes"], network["arena_bytes"]);
    }
}

#[test]
fn sizes_batch_weights_and_inputs() {
    let folder = Folder::new();
    let drawn = report(&folder, &["./tiny.arch", "--at", "H=16,W=4", "--batch", "2", "--numerics", "exact"]);
    assert_eq!(drawn["inputs"]["x"], serde_json::json!([2, 3, 16, 4]));
    assert_eq!(drawn["numerics"], "exact");

    folder.write_line();
    folder.write_tensors("x.safetensors", &[("x", &[3, 1, 2, 5], &[0.0; 30])]);
    let run = ["bench", "./line.arch", "--weights", "line.safetensors", "--input", "x.safetensors"];
    let said = folder.succeed(&[&run[..], &FEW, &["--format", "json", "-o", "report.json"]].concat());
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    let text = std::fs::read_to_string(folder.path("report.json")).expect("it was written");
    let read: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(read["inputs"]["x"], serde_json::json!([3, 1, 2, 5]));
}

#[test]
fn the_table_has_a_line_for_each_row() {
    let folder = Folder::new();
    let run = [&["bench", "./tiny.arch"], &FEW[..]].concat();
    let said = folder.succeed(&run);
    let firsts: Vec<&str> = said.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for first in ["input", "m", "y", "output", "whole"] {
        assert!(firsts.contains(&first), "{first}: {}", said.out);
    }
    assert!(!said.out.contains("conv 3x3"), "{}", said.out);
    assert!(folder.succeed(&[&["-v"], &run[..]].concat()).out.contains("conv 3x3/1 + relu"));
    assert_eq!(folder.succeed(&[&["-q"], &run[..]].concat()).out, "");
}

#[test]
fn packed_weights_are_told_and_bound() {
    let folder = Folder::new();
    let spec = ["lite_fpn", "--at", "H=64,W=128"];
    let packed = |more: &[&str]| number(&report(&folder, &[&spec, more].concat()), "packed_bytes");
    let least = packed(&["--numerics", "exact"]);
    assert!(least > 0.0 && packed(&[]) > 2.0 * least);
    let bound = 1.5 * least;
    let within = packed(&["--max-packed-bytes", &format!("{bound:.0}")]);
    assert!(within > least && within <= bound, "{within} within {bound}, at least {least}");
    // 2²⁰ bytes to the M, and the bound of `run` is that of `bench`.
    for command in ["bench", "run"] {
        let said = folder.neckar(&[command, "lite_fpn", "--max-packed-bytes", "0.5M"]);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains(&format!("take at least {least:.0} bytes")), "{}", said.err);
        assert!(said.err.contains("is 524288;"), "{}", said.err);
    }
    assert_eq!(folder.neckar(&["run", "lite_fpn", "--max-packed-bytes", "64 apples"]).code, 2);
}

/// Two 3 × 3 convolutions of stride 1, and a 1 × 1 one.
const THREE: &str = "arch Three at H = 24, W = 24 {
    input x: [B, 16, H, W]
    conv a, b: -> 16 (kernel = 3, padding = 1)
    conv c: -> 16 (kernel = 1)
    output y = c(b(a(x)))
}
";

/// The algorithms of the convolutions, in order.
fn algorithms(report: &Value) -> Vec<&str> {
    let steps = report["steps"].as_array().expect("steps").iter();
    let convolutions = steps.filter(|step| step["instruction"].as_str().is_some_and(|name| name.starts_with("conv")));
    convolutions.map(|step| step["algorithm"].as_str().expect("a name")).collect()
}

#[test]
fn an_algorithm_is_forced_where_it_suits() {
    let folder = Folder::new();
    folder.write("three.arch", THREE);
    for (argument, name) in [("direct", "gemm"), ("winograd2", "winograd 2x2"), ("winograd6", "winograd 6x6")] {
        let report = report(&folder, &["./three.arch", "--algorithm", argument]);
        assert_eq!(algorithms(&report), [name, name, "gemm"]);
    }
    assert_eq!(folder.neckar(&["bench", "./three.arch", "--algorithm", "fft"]).code, 2);
}

#[test]
fn a_tuning_is_measured_and_used() {
    let folder = Folder::new();
    folder.write("three.arch", THREE);
    let tuned = report(&folder, &["./three.arch", "--threads", "1", "--tune", "tuning.json"]);
    let text = std::fs::read_to_string(folder.path("tuning.json")).expect("it was written");
    let mut tuning: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((&tuning["schema_version"], &tuning["threads"]), (&1.into(), &1.into()));
    assert_eq!(tuning["instruction_set"], tuned["instruction_set"]);
    // Equal convolutions are one.
    let convolutions = tuning["convolutions"].as_array_mut().expect("a list");
    assert_eq!(convolutions.len(), 2, "{convolutions:?}");
    for (convolution, candidates) in convolutions.iter_mut().zip([1, 4]) {
        let times = convolution["times_ms"].as_object().expect("times").clone();
        assert_eq!(times.len(), candidates, "{convolution}");
        let least = times.values().filter_map(Value::as_f64).fold(f64::INFINITY, f64::min);
        let chosen = convolution["algorithm"].as_str().expect("a name").to_owned();
        assert_eq!(times[&chosen].as_f64(), Some(least), "{convolution}");
        // The file says what is used, whatever was fastest.
        if candidates == 4 {
            convolution["algorithm"] = "winograd2".into();
        }
    }
    folder.write("tuning.json", tuning.to_string());

    let winograd = ["winograd 2x2", "winograd 2x2", "gemm"];
    let with = ["./three.arch", "--tuning", "tuning.json"];
    assert_eq!(algorithms(&report(&folder, &with)), winograd);
    let said = folder.succeed(&["audit", "./three.arch", "--plan", "--tuning", "tuning.json", "--format", "json"]);
    let audit: Value = serde_json::from_str(&said.out).expect("it is JSON");
    let parts = audit["reports"][0]["network"]["plan"]["parts"].as_array().expect("parts").iter();
    let planned: Vec<&str> = parts.filter_map(|part| part["algorithm"].as_str()).collect();
    assert!(planned.windows(3).any(|three| three == winograd), "{planned:?}");

    // The same bits with each number of threads.
    for (threads, out) in [("1", "one.safetensors"), ("3", "three.safetensors")] {
        folder.succeed(&[&["run"], &with[..], &["--threads", threads, "-o", out]].concat());
    }
    assert_eq!(folder.read_tensors("one.safetensors"), folder.read_tensors("three.safetensors"));
}

#[test]
fn what_is_no_tuning() {
    let folder = Folder::new();
    folder.write("three.arch", THREE);
    let refused = |arguments: &[&str], code: i32, why: &str| {
        let said = folder.neckar(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
    };
    folder.write("old.json", r#"{"schema_version": 0}"#);
    refused(
        &["run", "./three.arch", "--tuning", "old.json"],
        3,
        "old.json: not a tuning file: its schema_version is 0",
    );
    refused(&["run", "./three.arch", "--tuning", "absent.json"], 3, "absent.json: ");
    let other = r#"{"schema_version": 1, "instruction_set": "portable", "threads": 1, "convolutions": []}"#;
    folder.write("other.json", other);
    let run = ["run", "./three.arch", "--tuning", "other.json"];
    let native = folder.neckar(&run);
    if native.code != 0 {
        refused(&run, 3, "measured with portable instructions");
    }
    assert_eq!(folder.neckar(&[&run[..], &["--instructions", "portable"]].concat()).code, 0);
    refused(&["audit", "./three.arch", "--tuning", "other.json"], 2, "--plan");
    let exact = ["bench", "./three.arch", "--numerics", "exact", "--tune", "t.json"];
    refused(&exact, 2, "in exact numerics every convolution is direct");
    refused(&["bench", "./three.arch", "--tune", "t.json", "--tuning", "other.json"], 2, "cannot be used with");
    assert!(!folder.names().contains(&"t.json".to_owned()));
}
