//! Checkpoints of `necks/pyramid.arch` with a fault each, and what has to be said of it.
//!
//! `neckar weights check`, `neckar run` and `arch!` are held to this one table: the command's tests write the files, the
//! compiler reads those that are kept beside this one.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, TensorView};

/// The types and shapes of tensors; what is in them does not matter here.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>)>;

/// A fault of a checkpoint.
pub struct Fault {
    /// The file that has it, without its extension.
    pub name: &'static str,
    /// The right checkpoint, changed.
    change: fn(&mut Tensors),
    /// Bytes that its end lacks.
    cut: usize,
    /// What it comes to.
    pub verdict: Verdict,
    /// Lines that are said of it wherever it is found.
    pub says: &'static [&'static str],
}

/// What a fault comes to.
#[derive(Clone, Copy)]
pub enum Verdict {
    /// The weights are read, with a warning.
    Odd,
    /// They do not suit the network.
    Unsuited,
    /// The file cannot be read.
    Unreadable,
}

/// Every fault.
pub const FAULTS: [Fault; 9] = [
    Fault {
        name: "renamed",
        change: |tensors| rename(tensors, "inner_blocks.1.0.weight", "inner_blocks.1.conv.weight"),
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.1.0.weight` [2, 2, 1, 1] is missing; the checkpoint has `inner_blocks.1.conv.weight`",
            "`inner_blocks.1.conv.weight` [2, 2, 1, 1] is not used; the network has `inner_blocks.1.0.weight`",
            "a layer's name in checkpoints is what `as \"…\"` in the spec gives it",
        ],
    },
    Fault {
        name: "prefixed",
        change: |tensors| {
            for name in tensors.keys().cloned().collect::<Vec<_>>() {
                rename(tensors, &name, &format!("module.{name}"));
            }
        },
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.2.0.weight` [2, 4, 1, 1] is missing; the checkpoint has `module.inner_blocks.2.0.weight`",
            "the checkpoint's names begin with `module.`, the network's do not: `arch Pyramid as \"module\"` gives them that \
             beginning",
        ],
    },
    Fault {
        name: "transposed",
        change: |tensors| put(tensors, "inner_blocks.2.0.weight", Dtype::F32, &[4, 2, 1, 1]),
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.2.0.weight` has the shape [4, 2, 1, 1], expected [2, 4, 1, 1]",
            "`inner_blocks.2.0.weight` looks transposed: its axes are in another order than PyTorch's [out, in, rows, \
             columns]; permute them as you save",
        ],
    },
    Fault {
        name: "truncated",
        change: |_| {},
        cut: 20,
        verdict: Verdict::Unreadable,
        // The right file's 80 bytes of values stand behind 472 of the header and 8 of its length.
        says: &["the file is cut short: its header speaks of 560 bytes, it has 540; fetch it anew"],
    },
    Fault {
        name: "half",
        change: |tensors| tensors.values_mut().for_each(|(dtype, _)| *dtype = Dtype::F16),
        cut: 0,
        verdict: Verdict::Odd,
        says: &[
            "`inner_blocks.2.0.weight` and 5 more are F16 and read as F32: results are those of weights rounded to F16",
        ],
    },
    Fault {
        name: "missing",
        change: |tensors| drop(tensors.remove("inner_blocks.1.0.weight")),
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.1.0.weight` [2, 2, 1, 1] is missing",
            "a checkpoint holds all weights of its network: save the whole `state_dict`",
        ],
    },
    Fault {
        name: "extra",
        change: |tensors| put(tensors, "head.weight", Dtype::F32, &[3, 2]),
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`head.weight` [3, 2] is not used",
            "what a checkpoint may hold besides, the spec says: `ignore \"head.*\"`",
        ],
    },
    Fault {
        name: "more_levels",
        change: |tensors| {
            put(tensors, "inner_blocks.3.0.weight", Dtype::F32, &[2, 8, 1, 1]);
            put(tensors, "inner_blocks.3.0.bias", Dtype::F32, &[2]);
        },
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.3.0.weight` [2, 8, 1, 1] is not used",
            "of `inner_blocks.*` the network has 3 and the checkpoint 4: was it made with another number of levels or blocks?",
        ],
    },
    Fault {
        name: "fewer_levels",
        change: |tensors| tensors.retain(|name, _| !name.starts_with("inner_blocks.2.")),
        cut: 0,
        verdict: Verdict::Unsuited,
        says: &[
            "`inner_blocks.2.0.weight` [2, 4, 1, 1] is missing",
            "of `inner_blocks.*` the network has 3 and the checkpoint 2: was it made with another number of levels or blocks?",
        ],
    },
];

impl Fault {
    /// The file.
    pub fn file(&self) -> Vec<u8> {
        let mut tensors = right();
        (self.change)(&mut tensors);
        let mut file = file(&tensors);
        file.truncate(file.len() - self.cut);
        file
    }
}

/// The checkpoint that suits `necks/pyramid.arch`.
pub fn right() -> Tensors {
    let mut tensors = Tensors::new();
    for (index, channels) in [1, 2, 4].into_iter().enumerate() {
        put(&mut tensors, &format!("inner_blocks.{index}.0.weight"), Dtype::F32, &[2, channels, 1, 1]);
        put(&mut tensors, &format!("inner_blocks.{index}.0.bias"), Dtype::F32, &[2]);
    }
    tensors
}

/// The file of some tensors, which hold zeros.
pub fn file(tensors: &Tensors) -> Vec<u8> {
    let bytes = |(dtype, shape): &(Dtype, Vec<usize>)| vec![0; shape.iter().product::<usize>() * dtype.bitsize() / 8];
    let zeros: Vec<Vec<u8>> = tensors.values().map(bytes).collect();
    let views = tensors.iter().zip(&zeros).map(|((name, (dtype, shape)), zeros)| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), zeros).expect("as many bytes as the shape asks for"))
    });
    safetensors::serialize(views, None).expect("the names are distinct")
}

fn put(tensors: &mut Tensors, name: &str, dtype: Dtype, shape: &[usize]) {
    tensors.insert(name.to_owned(), (dtype, shape.to_vec()));
}

fn rename(tensors: &mut Tensors, from: &str, to: &str) {
    let tensor = tensors.remove(from).expect("the right checkpoint has it");
    tensors.insert(to.to_owned(), tensor);
}
