"""Prints what fvcore, thop, Ultralytics and tract count for the networks of `spec/src/audit/tests/dialects.rs`.

    python -m venv v && v/bin/pip install torch==2.0.1 torchvision==0.15.2 numpy==1.26.4 onnx==1.16.2 \
        fvcore==0.1.5.post20221221 opencv-python-headless==4.10.0.84 matplotlib psutil polars
    v/bin/pip install --no-deps --target thop thop==0.1.1.post2209072238
    v/bin/pip install --no-deps --target ultralytics ultralytics==8.4.190 ultralytics-thop==2.2.3
    cargo install --locked tract-cli@0.23.9 --no-default-features --features onnx

    v/bin/python tests/scripts/dialects.py published
    v/bin/python tests/scripts/dialects.py fvcore
    PYTHONPATH=thop v/bin/python tests/scripts/dialects.py thop
    PYTHONPATH=ultralytics v/bin/python tests/scripts/dialects.py ultralytics
    v/bin/python tests/scripts/dialects.py tract

thop and ultralytics-thop are two packages that are both imported as `thop`, so each has a folder of its own. Numbers are those
of one run on a batch of 1, printed as `tool network figure`.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import OrderedDict

import torch
import torchvision
from torch import nn
from torch.nn import functional

warnings.filterwarnings("ignore")


class Fpn(nn.Module):
    """torchvision's pyramid on four maps, P2 to P5."""

    def __init__(self):
        super().__init__()
        self.fpn = torchvision.ops.FeaturePyramidNetwork([256, 512, 1024, 2048], 256)

    def forward(self, *maps):
        return list(self.fpn(OrderedDict((f"C{i + 2}", m) for i, m in enumerate(maps))).values())


class Operators(nn.Module):
    """The operators on which the tools differ."""

    def __init__(self):
        super().__init__()
        self.t = nn.ConvTranspose2d(2, 3, 2, stride=2)
        self.n = nn.BatchNorm2d(3)
        self.nearest = nn.Upsample(scale_factor=2, mode="nearest")
        self.bilinear = nn.Upsample(scale_factor=2, mode="bilinear")
        self.average = nn.AvgPool2d(3, stride=2, padding=1)
        self.adaptive = nn.AdaptiveAvgPool2d(3)

    def forward(self, x):
        c = self.bilinear(self.n(self.nearest(self.t(x))))
        d = functional.interpolate(c, size=(8, 8), mode="bilinear")
        return self.average(d), self.adaptive(d)


class Activations(nn.Module):
    """Norms with and without a convolution before them, activations, a weighted fusion and a head."""

    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.t = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.n, self.nt, self.ns = nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.silu, self.sigmoid, self.pool = nn.SiLU(), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1)
        self.w = nn.Parameter(torch.ones(2))
        self.fc = nn.Linear(4, 3)
        for norm in (self.n, self.nt, self.ns):
            for tensor in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
                tensor.uniform_(0.5, 1)

    def forward(self, x):
        a = self.nt(self.t(self.silu(self.n(self.c(x)))))
        b = self.ns(self.sigmoid(a))
        w = functional.softplus(self.w)
        w = w / (w.sum() + 1e-4)
        y = functional.normalize(w[0] * a + w[1] * b, dim=1)
        return self.fc(torch.flatten(self.pool(y), 1))


NETWORKS = {
    "resnet18": (lambda: torchvision.models.resnet18(), [(3, 224, 224)]),
    "resnet50": (lambda: torchvision.models.resnet50(), [(3, 224, 224)]),
    "fpn": (Fpn, [(256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)]),
    "operators": (Operators, [(2, 8, 8)]),
    "activations": (Activations, [(2, 8, 8)]),
}


def published(tool):
    for depth in (18, 34, 50, 101, 152):
        meta = getattr(torchvision.models, f"ResNet{depth}_Weights").IMAGENET1K_V1.meta
        print(tool, f"resnet{depth}", meta["num_params"], meta["_ops"])


def fvcore(model, inputs):
    import logging

    from fvcore.nn import FlopCountAnalysis

    logging.disable(logging.WARNING)
    return FlopCountAnalysis(model, tuple(inputs)).total()


def thop(model, inputs):
    import thop

    return int(thop.profile(model, inputs=inputs, verbose=False)[0])


def ultralytics(model, inputs):
    """What `get_flops` computes, which itself takes square pictures alone, before it is scaled to GFLOPs."""
    import thop
    from ultralytics.utils.torch_utils import get_flops

    count = 2 * int(thop.profile(model, inputs=inputs, verbose=False)[0])
    if len(inputs) == 1 and inputs[0].shape[2] == 224:
        assert round(get_flops(model, 224) * 1e9) == count, (get_flops(model, 224), count)
    return count


def tract(model, inputs):
    if isinstance(model, Operators):
        return "none: ONNX has no adaptive pool"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        with contextlib.redirect_stdout(None):
            torch.onnx.export(model, tuple(inputs), path, opset_version=17)
        run = subprocess.run(["tract", path, "dump", "--cost"], check=True, capture_output=True, text=True)
    summary = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout).split("Cost summary")[1]
    return re.search(r"FMA\(F32\): (\d+)", summary).group(1)


def main():
    tool = sys.argv[1]
    if tool == "published":
        return published(tool)
    count = {"fvcore": fvcore, "thop": thop, "ultralytics": ultralytics, "tract": tract}[tool]
    for name, (make, shapes) in NETWORKS.items():
        print(tool, name, count(make().eval(), [torch.zeros(1, *shape) for shape in shapes]))


main()
