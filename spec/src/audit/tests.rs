mod dialects;

use super::*;
use crate::ops::Op;
use crate::{Library, Lowering, Origin, compile, lower, zoo};

fn checked(origin: Origin, settings: &[(&str, &str)]) -> Checked {
    let library = Library::load(origin).expect("it can be read");
    let settings: Vec<_> = settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let compilation = compile(library, None, &settings);
    let found = format!("{:?}", compilation.diagnostics);
    compilation.checked.unwrap_or_else(|| panic!("{found}"))
}

fn text(text: &str) -> Checked {
    checked(Origin::Text { name: "test.arch".into(), text: text.into(), folder: None }, &[])
}

fn shipped(name: &str, settings: &[(&str, &str)]) -> Checked {
    checked(Origin::Zoo(name.into()), settings)
}

#[test]
fn published_figures_of_resnets() {
    // `num_params` and `_ops`, in units of 1e9 multiply-accumulates, of `ResNet18_Weights.IMAGENET1K_V1` and its like in
    // torchvision 0.15.2 (torchvision/models/resnet.py).
    let published = [("18", 11_689_512, 1.814), ("34", 21_797_672, 3.664), ("50", 25_557_032, 4.089)];
    for (depth, parameters, giga) in published {
        let checked = shipped("resnet", &[("depth", depth)]);
        let total = audit(&checked, checked.at().as_ref()).total;
        assert_eq!(total.parameters, parameters);
        let macs = total.macs.expect("the spec gives sizes") as f64 / 1e9;
        assert_eq!((macs * 1000.0).round() / 1000.0, giga, "{depth}: {macs}");
    }
}

/// Weights against the program's, multiply-accumulates against sums over the outputs of each weight's instruction.
#[test]
fn totals_against_naive_counts() {
    for name in zoo::names().filter(|name| *name != "prelude") {
        let checked = shipped(name, &[]);
        let at = checked.at();
        let audit = audit(&checked, at.as_ref());
        let program = lower(&checked, Lowering::default());
        let elements = |learnable: bool| -> usize {
            let own = program.weights.iter().filter(|weight| weight.learnable == learnable);
            own.map(|weight| weight.shape.iter().product::<usize>()).sum()
        };
        assert_eq!(audit.total.parameters, elements(true) as u64, "{name}");
        assert_eq!(audit.total.buffers, elements(false) as u64, "{name}");
        let graph = checked.graph();
        let naive = at.as_ref().map(|at| {
            let mut macs = 0;
            for node in &graph.nodes {
                let out = shape_at(&node.shape, at).expect("in range");
                // Each query meets each key, and each value.
                if let Some(Op::Attention(_)) = node.op {
                    let of = |operand: usize| shape_at(&graph.node(node.inputs[operand]).shape, at).expect("in range");
                    macs += out[0] * out[2] * of(1)[2] * (of(0)[1] + of(2)[1]);
                }
                // Each cell of the result is multiplied with each tap of its kernel.
                if let Some(Op::Reassemble(_)) = node.op {
                    let kernels = &graph.node(node.inputs[1]).shape;
                    macs += out.iter().product::<u64>() * shape_at(kernels, at).expect("in range")[1];
                }
                let Some(&weight) = node.weights.first() else { continue };
                let weight = &graph.weights[weight as usize].shape;
                // A weight of a convolution, or of a matrix, acts once a cell of the result's map.
                macs += match weight.len() {
                    4 if weight[0] as u64 == out[1] => {
                        out[0] * out[2] * out[3] * weight.iter().product::<usize>() as u64
                    }
                    4 => out.iter().product::<u64>() * weight[0] as u64,
                    2 => out[0] * out[2..].iter().product::<u64>() * (weight[0] * weight[1]) as u64,
                    _ => 0,
                };
            }
            macs
        });
        assert_eq!(audit.total.macs, naive, "{name}");

        let roots = || audit.rows.iter().filter(|row| !row.nested).map(|row| row.cost);
        assert_eq!(roots().map(|cost| cost.parameters).sum::<u64>(), audit.total.parameters, "{name}");
        assert_eq!(roots().map(|cost| cost.buffers).sum::<u64>(), audit.total.buffers, "{name}");
        assert_eq!(roots().map(|cost| cost.macs).sum::<Option<u64>>(), audit.total.macs, "{name}");
        let layers = || audit.layers.iter().map(|layer| layer.cost);
        assert_eq!(layers().map(|cost| cost.parameters).sum::<u64>(), audit.total.parameters, "{name}");
        assert_eq!(layers().map(|cost| cost.macs).sum::<Option<u64>>(), audit.total.macs, "{name}");
    }
}

#[test]
fn what_lies_between_rows_belongs_to_the_next() {
    let checked = text(
        "arch A at H = 4, W = 4 { input x: [B, 2, H, W]
         conv c: -> 2 (kernel = 1)
         a = c(c(x))
         b = c(relu(a))
         z = b
         output z }",
    );
    let audit = audit(&checked, checked.at().as_ref());
    let costs: Vec<_> = audit.rows.iter().map(|row| (row.map.name.as_str(), row.cost)).collect();
    // 2·2 + 2 parameters, once; 2·2·16 multiply-accumulates each time.
    let cost = |parameters, macs| Cost { parameters, buffers: 0, macs: Some(macs) };
    assert_eq!(costs, [("a", cost(6, 128)), ("b", cost(0, 64)), ("z", cost(0, 0))]);
    // a and b; z is b under another name.
    assert_eq!(audit.bytes, Some(2 * 4 * 32));
    assert_eq!(super::audit(&checked, None).total, Cost { parameters: 6, buffers: 0, macs: None });
}
