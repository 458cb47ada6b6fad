//! Convolutions with branches, whose weights the kernels add and the reference does not.

use neckar_spec::program::*;

use super::{case, check_all};
use crate::common::{BodyMaker, ConvShape};

/// A convolution, and the branches that are added to it: none stands for the operand as it is.
type Case<'a> = (&'a [usize], usize, ConvShape, &'a [Option<ConvShape>]);

#[test]
fn branches() {
    let square = ConvShape::square;
    let strip = ConvShape { kernel: [1, 3], padding: [0, 1], ..square(3, 1, 1) };
    let [three, one] = [square(3, 1, 1), square(1, 1, 0)];
    let cases: &[Case] = &[
        (&[1, 1, 1, 1], 1, three, &[Some(one), None]),
        (&[2, 19, 9, 11], 23, three, &[Some(one)]),
        (&[1, 33, 17, 18], 33, three, &[Some(one), None]),
        (&[1, 80, 11, 10], 80, three, &[None]),
        (&[1, 5, 6, 7], 5, one, &[Some(one), None]),
        (&[2, 32, 6, 6], 64, three.grouped(2), &[Some(one.grouped(2))]),
        (&[1, 12, 6, 6], 12, three.grouped(3), &[None, Some(three.grouped(3))]),
        (&[2, 16, 7, 7], 16, three.grouped(16), &[Some(one.grouped(16)), None]),
        (&[2, 3, 20, 19], 18, square(3, 2, 1), &[Some(square(1, 2, 0))]),
        (&[1, 18, 9, 9], 7, square(3, 1, 2).dilated(2), &[Some(one), Some(square(3, 1, 2).dilated(2))]),
        (&[1, 8, 9, 8], 6, square(5, 1, 2), &[Some(strip), Some(three), Some(one)]),
    ];
    check_all(cases.iter().flat_map(|&(shape, out, conv, branches)| {
        [false, true].map(|norms| {
            let make = |net: &mut BodyMaker| {
                let io = [shape[1], out];
                let instr = net.conv("conv", io, conv, !norms);
                let mut epilogue = Vec::from_iter(norms.then(|| net.norm("norm", out)));
                for (i, own) in branches.iter().enumerate() {
                    let conv = own.map(|own| net.conv(&format!("branch{i}"), io, own, i == 0));
                    let norm = norms.then(|| net.norm(&format!("norm{i}"), out));
                    epilogue.push(Epilogue::Branch(Branch {
                        conv: conv.map(|conv| match conv {
                            Instr::Conv(conv) => conv,
                            other => unreachable!("{other} is made as a convolution"),
                        }),
                        norm: norm.map(|norm| match norm {
                            Epilogue::Norm(norm) => norm,
                            other => unreachable!("{other} is made as a norm"),
                        }),
                    }));
                }
                epilogue.extend([Epilogue::Activation(Activation::Silu)]);
                (instr, epilogue)
            };
            case(&[shape], make, &format!("{shape:?} to {out}, {conv:?} with {branches:?}, norms {norms}"))
        })
    }));
}
