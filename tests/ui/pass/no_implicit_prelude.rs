//! A crate without a prelude, under lints that a user may set, with the runtime under another name.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, unreachable_pub)]

extern crate neckar as renamed;

mod networks {
    ::neckar::arch!(zoo::lite_fpn as lite_weighted, fuse = weighted);
    crate::renamed::arch! {
        /// A network with a name that Rust reserves, a list, and sizes that are fixed.
        arch Small {
            input self: [1, 3, 8, 8]
            conv type: -> 4 (kernel = 3, stride = 2, padding = 1)
            half = type(self)
            output final = half, maps: [half, quarter = avg_pool(half, kernel = 2, stride = 2)]
        }
    }
}

fn main() {
    let array = ::neckar::ndarray::Array4::<f32>::zeros((1, 3, 8, 8));
    let view = ::core::convert::TryFrom::try_from(&array);
    let inputs = networks::small::Inputs { self_: ::core::result::Result::unwrap(view) };
    let small = ::core::result::Result::unwrap(networks::Small::init(0));
    let outputs = ::core::result::Result::unwrap(small.forward(inputs));
    let maps: &networks::small::MapsOutputs = &outputs.maps;
    let half: &::neckar::typed::Tensor<::neckar::shape![1, 4, 4, 4]> = &outputs.r#final;
    ::core::assert!(*half == maps.half);
    ::core::assert_eq!(maps.quarter.sizes(), [1, 4, 2, 2]);
    ::core::assert_eq!(small.r#type.parameters(), 4 * 27 + 4);
    ::core::assert_eq!(networks::small::macs(), 4 * 27 * 16);
    ::core::assert!(networks::lite_weighted::is_legal(64, 128) && !networks::lite_weighted::is_legal(63, 128));
}
