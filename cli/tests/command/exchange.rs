//! `export` and `weights`: what other tools are given, and what comes back from them.

use std::collections::BTreeMap;
use std::fs;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::common::Folder;

type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn read(folder: &Folder, name: &str) -> Tensors {
    let bytes = fs::read(folder.path(name)).expect("the file was written");
    let file = SafeTensors::deserialize(&bytes).expect("it is a safetensors file");
    let tensor = |(name, view): (&str, TensorView)| {
        (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    file.iter().map(tensor).collect()
}

fn write(folder: &Folder, name: &str, tensors: &Tensors) {
    let mut views = Vec::new();
    for (name, (dtype, shape, data)) in tensors {
        views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), data).expect("a tensor")));
    }
    let bytes = safetensors::serialize(views, None).expect("tensors");
    fs::write(folder.path(name), bytes).expect("a folder of its own");
}

#[test]
fn exports_are_files_of_the_other_tools() {
    let folder = Folder::new();
    folder.succeed(&["export", "onnx", "lite_fpn", "--beside"]);
    // Field 1 of the message, the version of the format, is 8.
    assert_eq!(fs::read(folder.path("lite_fpn.onnx")).expect("the model")[..2], [0x08, 8]);
    assert!(folder.path("lite_fpn.onnx.data").is_file());
    let said = folder.succeed(&["export", "onnx", "lite_fpn", "--at", "W=256"]);
    assert!(said.err.contains("`lite_fpn.onnx` holds `LiteFpn` at H = 64, W = 256"), "{}", said.err);
    let said = folder.neckar(&["export", "onnx", "lite_fpn", "--at", "W=255"]);
    assert!(said.code == 3 && said.err.contains("W = 255 is not legal"), "{}", said.err);
    folder.succeed(&["export", "pytorch", "lite_fpn"]);
    let module = fs::read_to_string(folder.path("lite_fpn.py")).expect("the module");
    assert!(module.contains("\nclass LiteFpn(nn.Module):\n"), "{module}");
    assert!(module.contains("        P5s = F.silu(self.S5(P5))\n"), "{module}");
    folder.succeed(&["export", "pytorch", "resnet50_fpn"]);
    let module = fs::read_to_string(folder.path("resnet50_fpn.py")).expect("the module");
    assert!(module.contains("    def forward(self, C5, C4, C3, C2):\n"), "{module}");
}

#[test]
fn parts_cannot_have_the_names_of_containers() {
    let folder = Folder::new();
    let spec = "kind odd(out) = pop: conv -> out (kernel = 1) |> bn: batch_norm\n\
                arch Odd { input x: [B, 4, H, W]  odd L: -> 4  output y = L(x) }\n";
    folder.write("odd.arch", spec);
    let run = folder.neckar(&["export", "pytorch", "odd.arch"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("`pop` is a name that modules of `torch.nn` use themselves"), "{}", run.err);
}

#[test]
fn checkpoint_names_put_layers_into_blocks() {
    let folder = Folder::new();
    let spec = |name: &str| {
        format!(
            "block Part {{\n    input x\n    conv inner: -> 8 (kernel = 1) as \"3\"\n    output y = inner(x)\n}}\n\narch Odd at H = 8, W = 8 {{\n    input x: \
             [B, 3, H, W]\n    Part part\n    conv more: -> 4 (kernel = 1) as \"{name}\"\n    output z = more(part(x))\n}}\n"
        )
    };
    folder.write("apart.arch", spec("part.4.conv"));
    folder.succeed(&["export", "pytorch", "apart.arch"]);
    let class = fs::read_to_string(folder.path("apart.py")).expect("it was written");
    assert!(class.contains("self.part.add_module(\"4\", "), "{class}");
    // Another module of that name would take the place of the block's own.
    folder.write("within.arch", spec("part.3.conv"));
    let run = folder.neckar(&["export", "pytorch", "within.arch"]);
    assert!(run.err.contains("`part` and `part.3` cannot both be modules"), "{}", run.err);
    assert!(!folder.path("within.py").exists());
}

#[test]
fn a_table_brings_other_names_to_the_spec() {
    let folder = Folder::new();
    folder.succeed(&["weights", "init", "fpn", "-o", "own.safetensors"]);
    let other = |name: &str| {
        let name = name.replace("fpn.inner_blocks.", "neck.lateral_convs.");
        name.replace("fpn.layer_blocks.", "neck.fpn_convs.")
            .replace(".0.weight", ".conv.weight")
            .replace(".0.bias", ".conv.bias")
    };
    let tensors: Tensors =
        read(&folder, "own.safetensors").into_iter().map(|(name, tensor)| (other(&name), tensor)).collect();
    write(&folder, "other.safetensors", &tensors);
    folder.succeed(&["weights", "map", "fpn", "other.safetensors", "-o", "fpn.names"]);
    folder.succeed(&["weights", "check", "fpn", "other.safetensors", "--map", "fpn.names"]);
}
