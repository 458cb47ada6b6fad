//! Linear maps of one operand beside a convolution, which with it are one convolution.

use serde::{Deserialize, Serialize};

use super::{Convolution, Epilogue, Instr, Norm, WeightId};

/// What a convolution's operand also goes through before both results are added: another convolution, or nothing, then a norm
/// where there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// The convolution; without one the operand stays as it is.
    pub conv: Option<Convolution>,
    /// The norm.
    pub norm: Option<Norm>,
}

impl Branch {
    /// Where the taps of the branch lie among those of `conv`: the row and the column of its first one. None where some lie
    /// elsewhere, or where the two give maps of other sizes.
    pub fn place(&self, conv: &Convolution) -> Option<[usize; 2]> {
        let window = |axis: usize| match &self.conv {
            Some(own) => (own.kernel[axis], own.stride[axis], own.padding[axis], own.dilation[axis]),
            None => (1, 1, 0, 1),
        };
        let fits = self.conv.as_ref().is_none_or(|own| (own.channels, own.groups) == (conv.channels, conv.groups));
        let place = |axis: usize| {
            let (kernel, stride, padding, dilation) = window(axis);
            let before = conv.padding[axis].checked_sub(padding)?;
            let alike = stride == conv.stride[axis] && (kernel == 1 || dilation == conv.dilation[axis]);
            let place = before / conv.dilation[axis];
            let inside = before.is_multiple_of(conv.dilation[axis]) && place + kernel <= conv.kernel[axis];
            (alike && inside).then_some(place)
        };
        fits.then(|| Some([place(0)?, place(1)?]))?
    }

    /// The convolution that it belongs to as a step of an epilogue, behind the steps `before` it.
    pub(super) fn convolution<'a>(&self, instr: &'a Instr, before: &[Epilogue]) -> Result<&'a Convolution, String> {
        let scales = |post: &Epilogue| matches!(post, Epilogue::Norm(_) | Epilogue::LayerScale { .. });
        let behind = &before[usize::from(before.first().is_some_and(scales))..];
        let Instr::Conv(conv) = instr else { return Err("a branch belongs to what is no convolution".into()) };
        if !behind.iter().all(|post| matches!(post, Epilogue::Branch(_))) {
            return Err("a branch stands behind more than a norm or factors and other branches".into());
        }
        match self.place(conv) {
            Some(_) => Ok(conv),
            None => Err("the taps of a branch lie outside of those of its convolution".into()),
        }
    }

    /// As it stands where weights are called otherwise.
    pub(super) fn renamed(&self, name: impl Fn(WeightId) -> WeightId) -> Branch {
        let conv = self.conv.as_ref().map(|conv| Convolution {
            weight: name(conv.weight),
            bias: conv.bias.map(&name),
            ..conv.clone()
        });
        Branch { conv, norm: self.norm.as_ref().map(|norm| norm.renamed(&name)) }
    }

    /// The weights that it multiplies with and adds.
    pub(super) fn weights(&self) -> Vec<WeightId> {
        let conv = self.conv.iter().flat_map(|conv| [Some(conv.weight), conv.bias]).flatten();
        conv.chain(self.norm.iter().flat_map(Norm::weights)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::validate::sample::program;
    use crate::program::{Program, Step, validate};

    fn conv(kernel: usize, stride: usize, padding: usize, dilation: usize) -> Convolution {
        Convolution {
            channels: 8,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [dilation; 2],
            groups: 1,
            weight: 0,
            bias: None,
        }
    }

    #[test]
    fn places_by_hand() {
        let branch = |conv: Convolution| Branch { conv: Some(conv), norm: None };
        let three = conv(3, 1, 1, 1);
        assert_eq!(Branch { conv: None, norm: None }.place(&three), Some([1, 1]));
        assert_eq!(Branch { conv: None, norm: None }.place(&conv(3, 2, 1, 1)), None);
        assert_eq!(branch(conv(1, 1, 0, 1)).place(&three), Some([1, 1]));
        assert_eq!(branch(three.clone()).place(&three), Some([0, 0]));
        assert_eq!(branch(three.clone()).place(&conv(7, 1, 3, 1)), Some([2, 2]));
        assert_eq!(branch(conv(7, 1, 3, 1)).place(&three), None);
        assert_eq!(branch(conv(1, 2, 0, 1)).place(&conv(3, 2, 1, 1)), Some([1, 1]));
        assert_eq!(branch(conv(1, 2, 0, 1)).place(&three), None);
        // Every second cell: only a single tap lies on the way of another distance.
        assert_eq!(branch(conv(1, 1, 0, 1)).place(&conv(3, 1, 2, 2)), Some([1, 1]));
        assert_eq!(branch(three.clone()).place(&conv(3, 1, 2, 2)), None);
        assert_eq!(branch(conv(1, 1, 1, 1)).place(&conv(3, 1, 2, 2)), None);
        let strip = Convolution { kernel: [1, 3], padding: [0, 1], ..three.clone() };
        assert_eq!(branch(strip).place(&three), Some([1, 0]));
        assert_eq!(branch(Convolution { groups: 2, ..three.clone() }).place(&three), None);
    }

    /// The epilogue of a step of the sample's network.
    fn epilogue(program: &mut Program, at: usize) -> &mut Vec<Epilogue> {
        match &mut program.bodies[1].steps[at] {
            Step::Run { epilogue, .. } => epilogue,
            step => panic!("expected an instruction, found {step:?}"),
        }
    }

    #[test]
    fn where_a_branch_may_stand() {
        let own = Epilogue::Branch(Branch { conv: None, norm: None });
        let wide = Epilogue::Branch(Branch { conv: Some(conv(3, 1, 1, 1)), norm: None });
        for (at, branch, message) in [
            (3, &own, "body 1 `Tiny`: step 3: a branch belongs to what is no convolution"),
            (0, &own, "body 1 `Tiny`: step 0: a branch stands behind more than a norm or factors and other branches"),
            (6, &wide, "body 1 `Tiny`: step 6: the taps of a branch lie outside of those of its convolution"),
            (6, &own, "weight `head.weight` is [4, 8, 1, 1], but is used as [4, 4, 1, 1]"),
        ] {
            let mut program = program();
            let epilogue = epilogue(&mut program, at);
            epilogue.insert(if at == 6 { 0 } else { epilogue.len() }, branch.clone());
            assert_eq!(validate(&program), Err(message.to_string()));
        }
    }
}
