//! Concatenations: which are made, which are written in slices and which are read in parts, and that none of it changes a bit.

mod common;

use std::sync::Arc;

use common::{BodyMaker, ConvShape, distance, random, random_weights, shape};
use ndarray::ArrayD;
use neckar::{Instructions, Model, Numerics, Options, PlanDescription, Program, Weights, naive};
use neckar_spec::program::{Activation, Axis, Epilogue, Input, Instr, Output, Slot, Step};
use neckar_spec::size::{Env, Size, Symbol};
use neckar_spec::{Library, Lowering, Origin, compile, lower};

/// ‖got − naive‖/‖naive‖ of a few steps, the second with Winograd's algorithm.
const TOLERANCE: [(Numerics, f64); 2] = [(Numerics::Exact, 2e-6), (Numerics::Fast, 2e-5)];

/// A spec with what its plan says of concatenations: a row and a note, in the order of the steps.
struct Case {
    spec: &'static str,
    notes: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    // The neck of a PAN: the coarser level is read by index, and takes a quarter of what it is read as.
    Case {
        spec: "arch Pan { numerics { resize = nearest } input c3: [B, 24, H, W] input c4: [B, 40, H/2, W/2]
            conv lateral: -> 24 (kernel = 1) conv top: -> 40 (kernel = 1) conv reduce: -> 33 (kernel = 1)
            p4 = top(c4) p3 = lateral(c3) up = Up2(p4) joined = up ⊕ p3
            output y = reduce(joined) }",
        notes: &[("y", "reads joined in 2 parts, 1 by index")],
    },
    // The epilogue of the product adds one of the parts.
    Case {
        spec: "arch Added { input x: [B, 19, H, W] conv a, b: -> 21 (kernel = 1) conv c: -> 21 (kernel = 1)
            p = a(x) q = b(x) joined = p ⊕ q  output y = relu(c(joined) + p) }",
        notes: &[("y", "reads joined in 2 parts")],
    },
    Case {
        spec: "arch Index { numerics { resize = nearest } input x: [B, 19, H, W]
            conv a: -> 21 (kernel = 1) conv b: -> 17 (kernel = 1)
            p = a(x) up = Up2(p)  output y = b(up) }",
        notes: &[("y", "reads up by index")],
    },
    // What is wanted, an input, and a map that is joined twice are parts as any other.
    Case {
        spec: "arch Parts { input x: [B, 19, H, W] conv a: -> 21 (kernel = 3, padding = 1)
            conv b, c: -> 17 (kernel = 1)
            p = a(x) one = x ⊕ p ⊕ p  two = p ⊕ one
            output p_out = p, y = b(one), z = c(two) }",
        notes: &[("y", "reads one in 3 parts"), ("z", "reads two in 4 parts")],
    },
    Case {
        spec: "arch Vectors { input x: [B, 20, H, W] input y: [B, 33, H, W] linear fc: -> 10
            a = flatten(global_avg_pool(x)) b = flatten(global_avg_pool(y)) joined = a ⊕ b
            output z = fc(joined) }",
        notes: &[("z", "reads joined in 2 parts")],
    },
    // A 3 × 3 convolution reads a concatenation that lies behind each other.
    Case {
        spec: "arch Placed { numerics { resize = nearest } input c3: [B, 24, H, W] input c4: [B, 40, H/2, W/2]
            conv lateral: -> 24 (kernel = 1) conv top: -> 40 (kernel = 1) conv smooth: -> 33 (kernel = 3, padding = 1)
            p4 = top(c4) up = Up2(p4) p3 = lateral(c3) joined = up ⊕ p3
            output y = smooth(joined) }",
        notes: &[("up", "writes channels 0..40 of joined"), ("p3", "writes channels 40..64 of joined")],
    },
    // Few channels take longer to read in parts than to write behind each other.
    Case {
        spec: "arch Narrow { input x: [B, 19, H, W] conv a: -> 3 (kernel = 3, padding = 1) conv b: -> 5 (kernel = 1)
            conv c: -> 17 (kernel = 1)
            p = a(x) q = b(x) joined = p ⊕ q  output y = c(joined) }",
        notes: &[("p", "writes channels 0..3 of joined"), ("q", "writes channels 3..8 of joined")],
    },
    Case {
        spec: "arch Nested { input x: [B, 19, H, W] conv a: -> 20 (kernel = 1) conv b: -> 9 (kernel = 3, padding = 1)
            conv c: -> 31 (kernel = 1) conv d: -> 18 (kernel = 3, padding = 1)
            p = a(x) q = b(x) r = c(x) inner = p ⊕ q  outer = r ⊕ inner  output y = d(outer) }",
        notes: &[
            ("p", "writes channels 31..51 of outer"),
            ("q", "writes channels 51..60 of outer"),
            ("r", "writes channels 0..31 of outer"),
        ],
    },
    // A concatenation that copies a slice of another cannot lie in that.
    Case {
        spec: "arch Diamond { input x: [B, 19, H, W] conv a: -> 20 (kernel = 1) conv b: -> 9 (kernel = 3, padding = 1)
            conv c: -> 18 (kernel = 3, padding = 1)
            p = a(x) q = b(x) inner = p ⊕ q  outer = p ⊕ inner  output y = c(outer) }",
        notes: &[
            ("p", "writes channels 0..20 of outer"),
            ("q", "writes channels 20..29 of inner"),
            ("inner", "copies p into it: joined more than once"),
            ("outer", "copies inner into it: a step reads one slice and writes another"),
        ],
    },
    Case {
        spec: "arch TwoReaders { input x: [B, 19, H, W] conv a: -> 20 (kernel = 1) conv b: -> 25 (kernel = 3, padding = 1)
            conv c: -> 18 (kernel = 3, padding = 1) conv d: -> 17 (kernel = 1)
            p = a(x) q = b(x) joined = p ⊕ q  output y = c(joined), z = d(joined) }",
        notes: &[("p", "writes channels 0..20 of joined"), ("q", "writes channels 20..45 of joined")],
    },
    // Tiles are read from a slice and written to one.
    Case {
        spec: "arch Tiles { input x: [B, 40, H, W] conv a: -> 45 (kernel = 3, padding = 1) conv b: -> 24 (kernel = 1)
            conv c, d: -> 50 (kernel = 3, padding = 1)
            p = a(x) q = b(x) joined = p ⊕ q  output y = c(joined), z = d(p) }",
        notes: &[("p", "writes channels 0..45 of joined"), ("q", "writes channels 45..69 of joined")],
    },
    // An output is written out of its place.
    Case {
        spec: "arch Wanted { input x: [B, 19, H, W] conv a: -> 20 (kernel = 1) conv b: -> 9 (kernel = 3, padding = 1)
            p = a(x) q = b(x)  output joined = p ⊕ q }",
        notes: &[("p", "writes channels 0..20 of joined"), ("q", "writes channels 20..29 of joined")],
    },
    Case {
        spec: "arch NestedParts { input x: [B, 19, H, W] conv a: -> 20 (kernel = 1) conv b: -> 19 (kernel = 3, padding = 1)
            conv c: -> 31 (kernel = 1) conv d: -> 18 (kernel = 1)
            p = a(x) q = b(x) r = c(x) inner = p ⊕ q  outer = r ⊕ inner  output y = d(outer) }",
        notes: &[("y", "reads outer in 3 parts")],
    },
    // The blocks of a C2f read one slice and write the next. The first cannot, as what it adds lies beside it.
    Case {
        spec: "arch C2f { input x: [B, 19, H, W] conv a, b: -> 18 (kernel = 1)
            conv first, second, third, fourth: -> 18 (kernel = 3, padding = 1) conv last: -> 20 (kernel = 3, padding = 1)
            p = a(x) q = b(x) m1 = first(q) n1 = second(m1) + q  m2 = third(n1) n2 = fourth(m2) + n1
            joined = Concat(p, q, n1, n2)  output y = last(joined) }",
        notes: &[
            ("p", "writes channels 0..18 of joined"),
            ("q", "writes channels 18..36 of joined"),
            ("n2", "writes channels 54..72 of joined"),
            ("joined", "copies n1 into it: a step reads one slice and writes another"),
        ],
    },
    Case {
        spec: "arch C2fParts { input x: [B, 19, H, W] conv a, b: -> 18 (kernel = 1)
            conv first, second: -> 18 (kernel = 3, padding = 1) conv last: -> 20 (kernel = 1)
            p = a(x) q = b(x) m = first(q) n = second(m) + q  joined = Concat(p, q, n)  output y = last(joined) }",
        notes: &[("y", "reads joined in 3 parts")],
    },
    // Everything that keeps an operand from its slice but what lies beside it.
    Case {
        spec: "arch Copied { input x: [B, 19, H, W] conv a: -> 21 (kernel = 1) conv b: -> 23 (kernel = 1)
            conv c, d: -> 18 (kernel = 3, padding = 1)
            p = a(x) q = b(x) one = Concat(x, p, q)  two = q ⊕ x
            output p_out = p, y = c(one), z = d(two) }",
        notes: &[
            ("q", "writes channels 0..23 of two"),
            ("one", "copies x into it: an input"),
            ("one", "copies p into it: an output"),
            ("one", "copies q into it: joined more than once"),
            ("two", "copies x into it: an input"),
        ],
    },
    Case {
        spec: "arch Twice { input x: [B, 19, H, W] conv a: -> 21 (kernel = 1) conv b: -> 18 (kernel = 3, padding = 1)
            p = a(x) joined = p ⊕ p  output y = b(joined) }",
        notes: &[
            ("joined", "copies p into it: joined more than once"),
            ("joined", "copies p into it: joined more than once"),
        ],
    },
    // Every kernel writes into a slice.
    Case {
        spec: "arch Writers { numerics { resize = bilinear }
            input x: [B, 18, H, W] input y: [B, 21, H/2, W/2] input z: [B, 18, 2*H, 2*W]
            conv pointwise: -> 5 (kernel = 1) conv square: -> 17 (kernel = 3, padding = 1)
            conv depthwise: -> 18 (kernel = 3, padding = 1, groups = 18)
            up2 learned: -> 7 (mode = transposed) conv few: -> 3 (kernel = 3, stride = 2, padding = 1)
            fuse sum (mode = weighted) batch_norm norm conv last: -> 19 (kernel = 3, padding = 1)
            p1 = pointwise(x) p2 = relu(square(x)) p3 = depthwise(x) p4 = learned(y) p5 = few(z)
            p6 = max_pool(z, kernel = 2) p7 = avg_pool(z, kernel = 2) p8 = Up2(y) p9 = Up2(y, mode = nearest)
            p10 = sum(x, x) p11 = norm(x) p12 = l2_normalize(x)
            joined = Concat(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12)
            output out = last(joined) }",
        notes: &[
            ("p1", "writes channels 0..5 of joined"),
            ("p2", "writes channels 5..22 of joined"),
            ("p3", "writes channels 22..40 of joined"),
            ("p4", "writes channels 40..47 of joined"),
            ("p5", "writes channels 47..50 of joined"),
            ("p6", "writes channels 50..68 of joined"),
            ("p7", "writes channels 68..86 of joined"),
            ("p8", "writes channels 86..107 of joined"),
            ("p9", "writes channels 107..128 of joined"),
            ("p10", "writes channels 128..146 of joined"),
            ("p11", "writes channels 146..164 of joined"),
            ("p12", "writes channels 164..182 of joined"),
        ],
    },
    // Vectors are maps of one pixel.
    Case {
        spec: "arch VectorWriters at H = 8, W = 8 { input x: [B, 20, H, W] linear fc: -> 33
            v1 = flatten(global_avg_pool(x)) v2 = fc(v1) v3 = flatten(adaptive_avg_pool(x, size = 3))
            joined = Concat(v2, v3)  output y = l2_normalize(joined) }",
        notes: &[("v2", "writes channels 0..33 of joined"), ("v3", "writes channels 33..213 of joined")],
    },
    // Every kernel reads a slice that others read too.
    Case {
        spec: "arch Readers at H = 8, W = 8 { numerics { resize = bilinear } input x: [B, 18, H, W]
            conv a: -> 21 (kernel = 1) conv b: -> 30 (kernel = 1) conv last: -> 19 (kernel = 3, padding = 1)
            conv pointwise, finer: -> 21 (kernel = 1) conv square: -> 17 (kernel = 3, padding = 1)
            conv strided: -> 17 (kernel = 3, stride = 2, padding = 1) conv grouped: -> 21 (kernel = 3, groups = 3)
            conv few: -> 21 (kernel = 1) conv first: -> 6 (kernel = 3, padding = 1)
            conv depthwise: -> 21 (kernel = 3, padding = 1, groups = 21)
            up2 learned: -> 7 (mode = transposed) fuse sum (mode = weighted) batch_norm norm
            q = b(x) p = a(x) joined = p ⊕ q
            r1 = pointwise(p) r2 = square(p) r3 = strided(p) r4 = grouped(p) r5 = depthwise(p) r6 = learned(p)
            r7 = max_pool(p, kernel = 3, stride = 2) r8 = avg_pool(p, kernel = 2) r9 = global_avg_pool(p)
            r10 = Up2(p) r11 = Up2(p, mode = nearest) r12 = sum(p, p) r13 = norm(p) r14 = l2_normalize(p)
            r15 = flatten(p) r16 = few(x) + p  r17 = finer(Up2(x)) + Up2(p, mode = nearest)
            r18 = finer(Up2(x)) + Up2(p)  r19 = first(p)
            output out = last(joined), r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19 }",
        notes: &[("q", "writes channels 21..51 of joined"), ("p", "writes channels 0..21 of joined")],
    },
];

fn program(spec: &str) -> Program {
    let origin = Origin::Text { name: "test.arch".into(), text: spec.into(), folder: None };
    let library = Library::load(origin).expect("no file is needed");
    let compilation = compile(library, None, &[]);
    let checked = compilation.checked.unwrap_or_else(|| panic!("{:#?}", compilation.diagnostics));
    lower(&checked, Lowering::default())
}

/// The case of a name.
fn case(name: &str) -> Program {
    let case = CASES.iter().find(|case| case.spec.starts_with(&format!("arch {name} "))).expect("it is a case");
    program(case.spec)
}

/// The same network with every map an output, so that each is made for itself and each concatenation is a copy.
fn plain(program: &Program) -> Program {
    let mut plain = program.clone();
    let entry = plain.bodies.last_mut().expect("a program has an entry");
    let made = entry.steps.iter().map(|step| match step {
        Step::Run { out, .. } => *out,
        Step::Call { .. } => panic!("the cases have no blocks"),
    });
    let outputs: Vec<Slot> = made.filter(|out| !entry.outputs.contains(out)).collect();
    let named = outputs.iter().map(|slot| Output { name: format!("slot {slot}"), shape: Vec::new() });
    plain.outputs.extend(named);
    entry.outputs.extend(outputs);
    plain
}

/// Random inputs for a batch and the sizes H and W.
fn inputs(program: &Program, [batch, height, width]: [i64; 3]) -> Vec<(String, ArrayD<f32>)> {
    let mut env = Env::new();
    for (symbol, size) in [("B", batch), ("H", height), ("W", width)] {
        env.set(Symbol::from(symbol), size);
    }
    let array = |(i, input): (usize, &Input)| {
        let sizes = input.shape.iter().map(|size| size.eval(&env).expect("all sizes are given") as usize);
        (input.name.clone(), random(&sizes.collect::<Vec<_>>(), i as u64))
    };
    program.inputs.iter().enumerate().map(array).collect()
}

fn model(program: &Program, options: Options) -> Model {
    let (weights, _) = Weights::from_tensors(program, random_weights(program).into_iter()).expect("all are given");
    Model::new(Arc::new(program.clone()), &weights, options).expect("the program can be run")
}

fn plan(program: &Program, inputs: &[(String, ArrayD<f32>)]) -> PlanDescription {
    let shapes: Vec<(&str, &[usize])> = inputs.iter().map(|(name, array)| (name.as_str(), array.shape())).collect();
    model(program, Options { threads: 1, ..Options::default() })
        .session(&shapes, None)
        .expect("the case is legal")
        .plan()
}

fn notes(plan: &PlanDescription) -> Vec<(&str, &str)> {
    plan.parts.iter().flat_map(|part| part.notes.iter().map(|note| (part.name(), note.as_str()))).collect()
}

#[test]
fn plans_say_what_becomes_of_them() {
    for case in CASES {
        let program = program(case.spec);
        let inputs = inputs(&program, [2, 8, 8]);
        assert_eq!(notes(&plan(&program, &inputs)), case.notes, "{}", case.spec);
        let plain = plan(&plain(&program), &inputs);
        let other = notes(&plain).into_iter().find(|(_, note)| !note.starts_with("copies"));
        assert_eq!(other, None, "nothing is written into slices or read in parts where all is wanted: {}", case.spec);
    }
}

#[test]
fn what_has_an_epilogue_is_a_copy() {
    let mut net = BodyMaker::new("Epilogue", 1);
    let conv = net.conv("conv", [20, 20], ConvShape::square(1, 1, 0), false);
    let p = net.run("p", conv, &[0], vec![]);
    let joined = net.run(
        "joined",
        Instr::Concat { axis: Axis::Channels },
        &[p, p],
        vec![Epilogue::Activation(Activation::Relu)],
    );
    let conv = net.conv("last", [40, 20], ConvShape::square(1, 1, 0), false);
    let y = net.run("y", conv, &[joined], vec![]);
    let program = net.program(vec![], vec![("x", shape(20, &["H", "W"].map(Size::symbol)))], &[("y", y)], &[]);
    let copy = ("joined", "copies p into it: the concat has an epilogue");
    assert_eq!(notes(&plan(&program, &inputs(&program, [1, 8, 8]))), [copy, copy]);
}

#[test]
fn results_are_those_of_copies_to_the_bit() {
    let sets = [Instructions::Portable, Instructions::Avx2, Instructions::Avx512];
    for case in CASES {
        let program = program(case.spec);
        let (weights, _) =
            Weights::from_tensors(&program, random_weights(&program).into_iter()).expect("all are given");
        let plain = plain(&program);
        for sizes in [[1, 8, 8], [3, 8, 8], [2, 24, 40]] {
            if case.spec.contains(" at ") && sizes[1..] != [8, 8] {
                continue;
            }
            let inputs = inputs(&program, sizes);
            let views: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
            let expected = naive::run(&program, &weights, &inputs).expect("the case is legal");
            for (instructions, (numerics, tolerance)) in
                sets.iter().flat_map(|&set| TOLERANCE.map(|bound| (set, bound)))
            {
                let run = |program, threads| {
                    let options = Options { threads, numerics, instructions, ..Options::default() };
                    model(program, options).run(&views).expect("the case is legal")
                };
                let copies = run(&plain, 1);
                for threads in 1..=3 {
                    let got = run(&program, threads);
                    for (name, expected) in &expected {
                        let got = got.get(name).expect("it is an output");
                        let what =
                            format!("{name} at {sizes:?}, {numerics:?}, {instructions:?}, {threads}: {}", case.spec);
                        let far = distance(got, expected);
                        assert!(far < tolerance, "off by {far:e}: {what}");
                        let copies = copies.get(name).expect("it is an output");
                        assert!(got.iter().zip(copies).all(|(a, b)| a.to_bits() == b.to_bits()), "other bits: {what}");
                    }
                }
            }
        }
    }
}

#[test]
fn winograd_reads_and_writes_slices() {
    let program = case("Tiles");
    let plan = plan(&program, &inputs(&program, [2, 24, 40]));
    let tiles = plan.parts.iter().filter(|part| part.algorithm.starts_with("winograd")).map(|part| part.name());
    assert_eq!(tiles.collect::<Vec<_>>(), ["p", "y", "z"]);
}

#[test]
fn maps_that_are_needed_together_share_no_float() {
    for case in CASES {
        let program = program(case.spec);
        let plan = plan(&program, &inputs(&program, [2, 8, 8]));
        // From when to when which floats are taken: slices interleave.
        let mut taken: Vec<(usize, usize, Vec<bool>)> = Vec::new();
        for part in plan.parts.iter().filter(|part| !part.notes.iter().any(|note| note.starts_with("copies"))) {
            let Some(place) = part.place else { continue };
            let mut floats = vec![false; plan.arena_bytes / 4];
            let channels = part.shape[1];
            let pixels = part.shape.iter().product::<usize>() / channels;
            for pixel in 0..pixels {
                floats[(place.offset + pixel * place.pitch) / 4..][..channels].fill(true);
            }
            assert_eq!(place.bytes, (pixels - 1) * place.pitch + 4 * channels);
            for (from, until, other) in &taken {
                let meet = part.time <= *until && *from <= place.until;
                assert!(!meet || floats.iter().zip(other).all(|(a, b)| !(a & b)), "{}: {}", case.spec, part.name());
            }
            taken.push((part.time, place.until, floats));
        }
    }
}

#[test]
fn the_arena_holds_no_copy() {
    let floats = |name: &str| {
        let program = case(name);
        let inputs = inputs(&program, [1, 8, 8]);
        let shapes: Vec<(&str, &[usize])> = inputs.iter().map(|(name, array)| (name.as_str(), array.shape())).collect();
        neckar::arena_bytes(&program, &shapes).expect("the case is legal") / 4
    };
    // p4 of 4 · 4 pixels and p3; neither the up-sampled map nor the 64 channels.
    assert_eq!(floats("Pan"), 40 * 16 + 24 * 64);
    // p4 while it is up-sampled, and the concatenation: neither of its operands beside it.
    assert_eq!(floats("Placed"), 40 * 16 + 64 * 64);
    // The input, the three results that the product reads.
    assert_eq!(floats("NestedParts"), (19 + 20 + 19 + 31) * 64);
    // The input; p, q, n and either m or what is read no more.
    assert_eq!(floats("C2fParts"), 4 * 18 * 64);
}
