//! Modules that `arch!` generates: the program they embed is the one that the compiler makes of the spec, and what they
//! compute is what the interpreter computes, to the bit. Every network with reference outputs is here.

use neckar::{LoadOptions, Numerics, Options, Weights};

use crate::oracles::{Named, Oracle, assert_same, weights};

neckar::arch!(zoo::bifpn);
neckar::arch!(zoo::lite_fpn);
neckar::arch!(zoo::lite_fpn as lite_weighted, fuse = weighted);
neckar::arch!(zoo::lite_fpn as lite_fast, fuse = fast);
neckar::arch!(zoo::lite_fpn as lite_softmax, fuse = softmax);
neckar::arch!(zoo::lite_fpn as lite_fuse_concat, fuse = concat);
neckar::arch!(zoo::lite_fpn as lite_se, fuse = weighted, gate = se);
neckar::arch!(zoo::lite_fpn as lite_coord_att, fuse = weighted, gate = coord_att);
neckar::arch!(zoo::lite_fpn as lite_concat, aggregate = concat);
neckar::arch!(zoo::fpn);
neckar::arch!(zoo::fpn as fpn_bilinear, levels = 3, channels = [32, 64, 128], c = 64, up = bilinear);
neckar::arch!(zoo::fpn as fpn_align_corners, levels = 3, channels = [32, 64, 128], c = 64, up = align_corners);
neckar::arch!(zoo::fpn as fpn_transposed, levels = 3, channels = [32, 64, 128], c = 64, up = transposed);
neckar::arch!(zoo::fpn as fpn_group_norm, levels = 3, channels = [32, 64, 128], c = 64, norm = group);
neckar::arch!(zoo::fpn as fpn_separable, levels = 3, channels = [32, 64, 128], c = 64, smooth = separable);
neckar::arch!(zoo::carafe_fpn, channels = [64, 128, 256], c = 64);
neckar::arch!(zoo::yolov8_neck);
neckar::arch!(zoo::rtdetr_encoder);
neckar::arch!(zoo::vit_pyramid, width = 96, depth = 4, heads = 3, c = 64);
neckar::arch!(zoo::pafpn, channels = [64, 128, 256, 512], c = 64);
neckar::arch!(zoo::resnet50_fpn);
neckar::arch!(zoo::notebook_fpn);
neckar::arch!(zoo::msfe_fpn);
neckar::arch!(zoo::resnet18_fpn_cls, classes = 10);

/// Modules against oracles: their inputs in the order of the oracle's, their outputs with their names.
macro_rules! generated {
    ($($oracle:ident: $module:ident::$Network:ident($($input:ident),+) -> $($($output:ident).+ = $name:literal),+;)+) => {
        /// What the module of an oracle computes of its inputs.
        pub mod outputs {
            use super::*;

            $(pub fn $oracle(numerics: Numerics) -> Named {
                let oracle = Oracle::named(stringify!($oracle));
                let options = Options { numerics, ..Options::default() };
                let network = $Network::with_options(&weights($Network::program()), options);
                let network = network.expect("the weights are the program's");
                let mut arrays = oracle.arrays().into_iter().map(|(_, array)| array);
                $(let $input = arrays.next().expect("the oracle has as many inputs");)+
                let inputs = $module::Inputs {
                    $($input: (&$input).try_into().expect("the oracle's inputs are of the module's shapes"),)+
                };
                let outputs = network.forward(inputs).expect("the oracle's sizes are legal");
                vec![$(($name.to_owned(), outputs.$($output).+.as_array().clone().into_dyn())),+]
            })+
        }

        $(#[test]
        fn $oracle() {
            let oracle = Oracle::named(stringify!($oracle));
            let program = oracle.program();
            assert_eq!($Network::program(), &program, "the embedded program is that of the spec");
            assert_eq!($module::PROGRAM, program.to_bytes(), "and so are its bytes");
            let learnable = program.weights.iter().filter(|weight| weight.learnable);
            let parameters: usize = learnable.map(|weight| weight.shape.iter().product::<usize>()).sum();
            assert_eq!($module::PARAMS, parameters as u64);
            assert_same(&outputs::$oracle(Numerics::Fast), &oracle.run(program, Numerics::Fast));
        })+
    };
}

generated! {
    lite_fpn_add: lite_fpn::LiteFpn(b1, b2, b3, b4) -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_weighted: lite_weighted::LiteWeighted(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_fast: lite_fast::LiteFast(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_softmax: lite_softmax::LiteSoftmax(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_fuse_concat: lite_fuse_concat::LiteFuseConcat(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_se: lite_se::LiteSe(b1, b2, b3, b4) -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_coord_att: lite_coord_att::LiteCoordAtt(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    lite_fpn_concat: lite_concat::LiteConcat(b1, b2, b3, b4)
        -> hf = "Hf", p3_td = "P3_td", p4_td = "P4_td", p5 = "P5";
    fpn_neck: fpn::Fpn(c2, c3, c4, c5) -> p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    fpn_bilinear: fpn_bilinear::FpnBilinear(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    fpn_align_corners: fpn_align_corners::FpnAlignCorners(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    fpn_transposed: fpn_transposed::FpnTransposed(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    fpn_group_norm: fpn_group_norm::FpnGroupNorm(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    fpn_separable: fpn_separable::FpnSeparable(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    bifpn_d0: bi_fpn::BiFpn(p3, p4, p5) -> p3 = "P3", p4 = "P4", p5 = "P5", p6 = "P6", p7 = "P7";
    carafe_fpn: carafe_fpn::CarafeFpn(c3, c4, c5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    yolov8n_neck: yolov8_neck::Yolov8Neck(x) -> p3 = "P3", p4 = "P4", p5 = "P5";
    rtdetr_encoder: rtdetr_encoder::RtdetrEncoder(s3, s4, s5) -> p3 = "P3", p4 = "P4", p5 = "P5";
    vit_pyramid: vit_pyramid::VitPyramid(x) -> p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    pafpn: pafpn::Pafpn(c2, c3, c4, c5) -> n2 = "N2", n3 = "N3", n4 = "N4", n5 = "N5";
    resnet50_fpn: resnet50_fpn::Resnet50Fpn(x) -> p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    resnet50_fpn_odd: resnet50_fpn::Resnet50Fpn(x) -> p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    notebook_fpn: notebook_fpn::NotebookFpn(x) -> p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    msfe_fpn: msfe_fpn::MsfeFpn(x) -> global = "global", fpn.p2 = "fpn.P2", fpn.p3 = "fpn.P3", fpn.p4 = "fpn.P4",
        r#final = "final";
    resnet18_fpn_cls: resnet18_fpn_cls::Resnet18FpnCls(x)
        -> logits = "logits", p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
    resnet18_fpn_cls_odd: resnet18_fpn_cls::Resnet18FpnCls(x)
        -> logits = "logits", p2 = "P2", p3 = "P3", p4 = "P4", p5 = "P5";
}

/// What a checkpoint holds besides is an error, or told where it is allowed.
#[test]
fn loading_tells_what_was_unusual() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weighted.safetensors");
    Weights::init(LiteWeighted::program(), 0).save(&path).expect("the folder can be written to");
    LiteWeighted::load(&path).expect("these are its own weights");
    let refused = LiteFpn::load(&path).expect_err("it fuses without weights").to_string();
    assert!(refused.contains("`F3.w` [2] is not used"), "{refused}");
    let options = LoadOptions { allow_unused: true, ..LoadOptions::default() };
    let (_, report) = LiteFpn::load_with(&path, &options).expect("what is left over is allowed");
    let unused: Vec<&str> = report.unused.iter().map(|unused| unused.name.as_str()).collect();
    assert_eq!((report.applied.len(), unused), (40, vec!["F3.w", "F4.w"]));
}

neckar::arch! { arch Square { input x: [B, 4, H, W] y = relu(x) -> [B, 4, W, W] output y } }

/// What the constants of a module say is what the check on entry says.
#[test]
fn legal_sizes_are_constants() {
    const { assert!(resnet50_fpn::is_legal(224, 253) && !resnet50_fpn::is_legal(224, 230)) };
    let allows = |program: &neckar::Program, h: usize, w: usize| {
        program.legal.allows(&[("B", 1), ("H", h as i64), ("W", w as i64)].into())
    };
    for n in 0..=4096 {
        assert_eq!(resnet50_fpn::LEGAL_H.contains(n), allows(Resnet50Fpn::program(), n, 224), "{n}");
        assert_eq!(lite_fpn::LEGAL_W.contains(n), allows(LiteFpn::program(), 64, n), "{n}");
        assert_eq!(square::is_legal(n, 7), n == 7);
    }
    assert_eq!((resnet50_fpn::LEGAL_H.crop_to(230), resnet50_fpn::LEGAL_H.pad_to(230)), (Some(224), Some(253)));
}
