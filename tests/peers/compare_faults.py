"""Faults planted in a PyTorch module: `neckar compare` has to name the first row that differs and the cause.

The reference is kept by the script that docs/exchange.md prints.
"""

import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import pytorch
from cases import NECKAR, given, inputs, neckar

INPUTS = {
    "lite_fpn": {"B1": [2, 32, 32, 64], "B2": [2, 64, 16, 32], "B3": [2, 128, 8, 16], "B4": [2, 256, 4, 8]},
    "resnet18_fpn_cls": {"x": [2, 3, 61, 96]},
    "msfe_fpn": {"x": [1, 3, 128, 96]},
}
SMALL = ["c=32", "classes=10"]
FOLDED = "(lambda x, c, n: F.conv2d(x, c.weight * (n.weight / (n.running_var + n.eps).sqrt())[:, None, None, None], n.bias))"

# spec, parameters, a text of the module and what stands in its place, how often, the first row that differs, its cause
FAULTS = [
    ("lite_fpn", [], "", "", 0, None, None),
    ("lite_fpn", [], "align_corners=False", "align_corners=True", 1, "U5", "bilinear with aligned corners"),
    ("lite_fpn", [], 'mode="bilinear", align_corners=False', 'mode="nearest"', 9, "U5", "resizes nearest"),
    ("lite_fpn", [], 'mode="bilinear", align', 'mode="bicubic", align', 1, "U5", "resizes bicubic"),
    ("lite_fpn", [], 'bn=nn.BatchNorm2d(128)', 'bn=nn.BatchNorm2d(128, eps=1e-3)', 9, "P5", "eps is 1e-3"),
    ("lite_fpn", [], 'P5 = self.L5(B4)', f'P5 = {FOLDED}(B4, self.L5.conv, self.L5.bn)', 1, "P5",
     "does not subtract the running mean"),
    ("lite_fpn", [], 'P4_td = F.silu', 'P4_td = F.gelu', 1, "P4_td", "applies GELU, the spec SiLU"),
    ("lite_fpn", [], "F.interpolate(P4_td,", "F.interpolate(P4,", 1, "U4", "reads `P4`, the spec `P4_td`"),
    ("lite_fpn", [], "(Hr + U3)", "(Hr)", 1, "S2.conv", "does not add `U3`"),
    ("lite_fpn", [], "padding=1, bias=False", 'padding=1, bias=False, padding_mode="reflect"', 1, "S5.conv", "by reflection"),
    ("resnet18_fpn_cls", SMALL, "", "", 0, None, None),
    ("resnet18_fpn_cls", SMALL, "(C1, kernel_size=3, stride=2, padding=1)", "(C1, kernel_size=3, stride=2, ceil_mode=True)", 1, "body.stem",
     "does not pad and rounds the size of its result up"),
    ("resnet18_fpn_cls", SMALL, "F.max_pool2d(C1, ", "F.max_pool2d(C1, ceil_mode=True, ", 1, "body.stem",
     "`ceil_mode`"),
    ("resnet18_fpn_cls", SMALL, "self.body(x)", "self.body(x.flip(1))", 1, "body.conv1", "colours are in the opposite order"),
    ("msfe_fpn", [], "", "", 0, None, None),
    ("msfe_fpn", [], 'mode="bilinear", align_corners=False', 'mode="bilinear", align_corners=False, antialias=True', 9, "fused",
     "bilinear with antialiasing"),
]


def script():
    text = Path("docs/exchange.md").read_text()
    return next(block.split("```")[0] for block in text.split("```python\n") if "setprofile" in block)


def trained(weights):
    """No norm as it began, so that what is forgotten of one shows."""
    torch.manual_seed(1)
    for key, tensor in weights.items():
        if key.endswith("running_var"):
            tensor.uniform_(0.3, 2.0)
        elif tensor.ndim == 1:
            tensor.uniform_(0.2, 1.5)
    return weights


def main():
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for spec, settings, old, new, count, row, cause in FAULTS:
            path, weights, reference = folder / "network.py", folder / "weights.safetensors", folder / "reference.safetensors"
            neckar("export", "pytorch", spec, *given(settings), "-o", path)
            neckar("weights", "init", spec, *given(settings), "-o", weights)
            save_file(trained(load_file(weights)), weights)
            text = path.read_text()
            if old not in text:
                raise SystemExit(f"{spec}: there is no `{old}` in the module")
            path.write_text(text.replace(old, new, count))
            net = pytorch.trained(path, weights)
            arrays = {own: torch.from_numpy(x) for own, x in inputs(INPUTS[spec], {}).items()}
            code = script().replace('"reference.safetensors"', repr(str(reference)))
            exec(code, {"net": net, "inputs": arrays})
            said = subprocess.run([NECKAR, "-q", "compare", spec, *given(settings), "exact", str(reference), "--weights", str(weights)],
                                  capture_output=True, text=True)
            right = said.returncode == 0 if row is None else (
                said.returncode == 1 and f"`{row}` is the first row that differs" in said.stderr and cause in said.stderr)
            print(f"{spec:<18} {new or 'no fault':<60.60} {'named' if right else 'MISSED'}")
            if not right:
                missed.append(said.stderr)
    if missed:
        raise SystemExit("\n".join(missed))


main()
