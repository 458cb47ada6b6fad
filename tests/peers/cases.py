"""The networks that are compared, as `tests/suite/cases.rs` has them, and how one is exported and run by neckar."""

import math
import os
import subprocess
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

SMALL = ["levels=3", "channels=[32, 64, 128]", "c=64"]

CASES = [
    ("fpn", []),
    ("fpn", [*SMALL, "up=bilinear"]),
    ("fpn", [*SMALL, "up=align_corners"]),
    ("fpn", [*SMALL, "up=transposed"]),
    ("fpn", [*SMALL, "norm=group"]),
    ("fpn", [*SMALL, "norm=batch", "smooth=separable"]),
    ("fpn", [*SMALL, "fuse=average", "extra=2", "extra_convs=on_input"]),
    ("bifpn", []),
    ("bifpn", ["scale=D6"]),
    ("hrnet", []),
    ("lite_fpn", []),
    ("lite_fpn", ["fuse=weighted"]),
    ("lite_fpn", ["fuse=fast"]),
    ("lite_fpn", ["fuse=softmax"]),
    ("lite_fpn", ["fuse=concat"]),
    ("lite_fpn", ["aggregate=concat"]),
    ("lite_fpn", ["fuse=weighted", "gate=se"]),
    ("lite_fpn", ["gate=coord_att", "bottom_up=blur"]),
    ("msfe_fpn", []),
    ("notebook_fpn", []),
    ("pafpn", []),
    ("pafpn", ["channels=[64, 128, 256, 512]", "c=64"]),
    ("pafpn", ["channels=[64, 128, 256, 512]", "c=64", "carry=sums", "extra=2"]),
    ("resnet", []),
    ("resnet", ["depth=18", "classes=10"]),
    ("resnet18_fpn_cls", []),
    ("resnet18_fpn_cls", ["classes=10"]),
    ("resnet50_fpn", []),
    ("carafe_fpn", ["channels=[64,128,256]", "c=64"]),
    ("lite_hrnet", []),
    ("rtdetr_encoder", []),
    ("vit_pyramid", []),
    ("vit_pyramid", ["width=96", "depth=2", "heads=3", "registers=4", "grid=7"]),
    ("yolov8", []),
]

# Sizes that are legal for every network of the zoo but those of patches, odd ones where a network takes them.
SIZES = [{"B": 1, "H": 64, "W": 96}, {"B": 2, "H": 96, "W": 64}]
PATCHES = {"vit_pyramid": [{"B": 1, "H": 56, "W": 98}, {"B": 2, "H": 98, "W": 56}]}
ODD = {"resnet": {"B": 1, "H": 61, "W": 97}, "resnet18_fpn_cls": {"B": 1, "H": 61, "W": 97}, "resnet50_fpn": {"B": 1, "H": 61, "W": 93}}

TOLERANCE = 1e-4

NECKAR = os.environ.get("NECKAR", "target/debug/neckar")


def neckar(*arguments):
    done = subprocess.run([NECKAR, "-q", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"neckar {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def name(spec, settings):
    return " ".join([spec, *settings])


def given(settings):
    return [word for setting in settings for word in ("--set", setting)]


def sizes_of(spec):
    return PATCHES.get(spec, SIZES) + ([ODD[spec]] if spec in ODD else [])


def onnx_inputs(model):
    """The inputs of an ONNX model: axes as numbers or formulas of the sizes."""

    def size(dim):
        return dim.dim_param or dim.dim_value

    return {own.name: [size(dim) for dim in own.type.tensor_type.shape.dim] for own in model.graph.input}


def inputs(shapes, sizes, seed=0):
    """Arrays for inputs whose axes are numbers or formulas of the sizes, at which they are whole."""
    generator = np.random.default_rng(seed)

    def axis(size):
        return size if isinstance(size, int) else int(eval(size, {"ceil": math.ceil, "floor": math.floor}, dict(sizes)))

    return {own: generator.standard_normal([axis(size) for size in shape]).astype(np.float32) for own, shape in shapes.items()}


def reference(folder: Path, spec, settings, weights, arrays):
    """What neckar makes of the inputs, by the names of the outputs."""
    save_file(arrays, folder / "in.safetensors")
    neckar("run", spec, *given(settings), "--weights", weights, "--input", folder / "in.safetensors",
           "--numerics", "exact", "-o", folder / "out.safetensors")
    return load_file(folder / "out.safetensors")


def spec_name(output, expected):
    """The spec's name of an ONNX output: one that is called like an input has another name there."""
    return output if output in expected else output.removesuffix("_out")


def error(own, expected):
    """The greatest difference of two outputs relative to the expected one's norm."""
    if own.keys() != expected.keys():
        raise SystemExit(f"outputs are {sorted(own)}, expected {sorted(expected)}")
    worst = 0.0
    for output, array in expected.items():
        if own[output].shape != array.shape:
            raise SystemExit(f"`{output}` is {own[output].shape}, expected {array.shape}")
        worst = max(worst, float(np.linalg.norm((own[output] - array).ravel()) / np.linalg.norm(array.ravel())))
    return worst


class Table:
    """Prints a line a comparison and remembers what failed."""

    def __init__(self, peer):
        self.peer, self.failed, self.worst = peer, [], 0.0

    def line(self, what, sizes, found):
        self.worst = max(self.worst, found)
        bad = not found <= TOLERANCE
        print(f"{self.peer:<12} {what:<55} B={sizes['B']} H={sizes['H']} W={sizes['W']}  {found:.1e}{'  TOO FAR' if bad else ''}")
        if bad:
            self.failed.append(what)

    def end(self):
        print(f"{self.peer}: worst {self.worst:.1e}, {TOLERANCE:.0e} allowed")
        if self.failed:
            raise SystemExit(f"{self.peer} differs from neckar in {', '.join(self.failed)}")
