//! One error in the spec, a dozen uses of what it would have made, and nothing said about these.

neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        output y = relu(z)
    }
}

mod build {
    use crate::tiny::{Inputs, Outputs, Tiny};

    pub fn net() -> Tiny {
        Tiny::init(0).unwrap()
    }

    pub fn run(net: &Tiny, inputs: Inputs<'_>) -> Outputs {
        net.forward(inputs).unwrap()
    }
}

mod show {
    use super::*;

    pub trait Show {
        fn show(&self) -> String;
    }

    impl Show for Tiny {
        fn show(&self) -> String {
            format!("{} {:?} {}", tiny::PARAMS, tiny::LEGAL, Tiny::program().name)
        }
    }
}

mod again {
    use super::tiny;

    pub fn identity(outputs: tiny::Outputs) -> tiny::Outputs {
        outputs
    }
}

fn main() {
    use show::Show;
    let array = neckar::ndarray::Array4::zeros((1, 3, 4, 4));
    let net = build::net();
    let tiny::Outputs { y } = build::run(&net, tiny::Inputs { x: (&array).try_into().unwrap() });
    let same = again::identity(net.forward(tiny::Inputs { x: y.view() }).unwrap());
    let _ = same.y.into_array();
    println!("{} {} {}", net.show(), tiny::macs(1, 4, 4), tiny::is_legal(4, 4));
}
