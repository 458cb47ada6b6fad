"""Networks of other packages, as the specs of the zoo have them: what is [`sampled`] and whose figures are [`published`].

The packages of OpenMMLab are read file by file: what their own beginnings import needs compiled extensions.
"""

import importlib
import os
import sys
import types
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distribution
from typing import Callable

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")

import effdet.efficientdet
import timm
import torch
import torchvision
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7
from transformers import RTDetrConfig, RTDetrModel
from ultralytics.nn.tasks import DetectionModel


@dataclass
class Network:
    """A package's network: `run` gives the outputs of the inputs, both by the spec's names."""

    module: torch.nn.Module
    run: Callable
    inputs: dict
    # The spec's name of a tensor that the package calls otherwise.
    rename: Callable = lambda name: name
    # What a tensor is multiplied by after it is drawn.
    scale: Callable = lambda name: 1.0


def openmmlab(package, names):
    """Modules of a package of OpenMMLab, without running those above them."""
    root = distribution(package).locate_file(package)
    for name in names:
        parts = name.split(".")
        for depth in range(len(parts)):
            above = ".".join([package, *parts[:depth]])
            if above not in sys.modules:
                folder = types.ModuleType(above)
                folder.__path__ = [str(root.joinpath(*parts[:depth]))]
                sys.modules[above] = folder
        module = importlib.import_module(f"{package}.{name}")
        # What `from mmdet.utils import …` asks for.
        above = sys.modules[f"{package}.{'.'.join(parts[:-1])}"]
        above.__dict__.update({key: value for key, value in vars(module).items() if not key.startswith("__")})
    return module


def capture(module, names, inputs):
    """What the submodules of these names give when the network runs."""
    made = {}
    hooks = [module.get_submodule(name).register_forward_hook(lambda _, __, y, name=name: made.update({name: y})) for name in names]
    module(inputs)
    for hook in hooks:
        hook.remove()
    return [made[name] for name in names]


SMALL = (64, 96)
SCALES = ["D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D7x"]


def image(size):
    return {"x": [1, 3, *size]}


def hrnet(width, size):
    net = timm.create_model(f"hrnet_w{width}")

    def run(x):
        branches, logits = capture(net, ["stage4", "classifier"], x)
        return {f"B{i + 1}": branch for i, branch in enumerate(branches)} | {"logits": logits}

    return Network(net, run, image(size))


def lite_hrnet(modules, size):
    """As mmpose's configurations have it, without the iterative head, which is the pose estimator's."""
    backbone = openmmlab("mmpose", ["models.backbones.litehrnet"]).LiteHRNet
    stages = {"num_modules": modules, "num_branches": (2, 3, 4), "num_blocks": (2, 2, 2), "module_type": ("LITE",) * 3,
              "with_fuse": (True,) * 3, "reduce_ratios": (8, 8, 8), "num_channels": ((40, 80), (40, 80, 160), (40, 80, 160, 320))}
    net = backbone({"stem": {"stem_channels": 32, "out_channels": 32, "expand_ratio": 1}, "num_stages": 3,
                    "stages_spec": stages, "with_head": False})

    def run(x):
        (branches,) = capture(net, ["stage2"], x)
        return {f"B{i + 1}": branch for i, branch in enumerate(branches)}

    return Network(net, run, image(size))


def yolov8(scale, head, size):
    net = DetectionModel(f"yolov8{scale}.yaml", verbose=False)

    def run(x):
        if not head:
            return {f"P{i + 3}": x for i, x in enumerate(capture(net, ["model.15", "model.18", "model.21"], x))}
        raw = capture(net, [f"model.22.{part}.{i}" for i in range(3) for part in ("cv2", "cv3")], x)
        return {f"D{i + 3}": torch.cat(raw[2 * i : 2 * i + 2], 1) for i in range(3)}

    return Network(net, run, image(size))


def bifpn(scale, size=None):
    """EfficientDet's neck for the channels of its own backbone; as in PyTorch's configurations, padding is symmetric and a
    convolution before a norm has no bias. The sizes are the image's, by default those of the scale."""
    known = f"efficientdet_{scale.lower()}"
    config = effdet.get_efficientdet_config(known if scale < "D6" else f"tf_{known}")
    config.pad_type, config.redundant_bias = "", False
    config.image_size = size or config.image_size
    backbone = timm.create_model(config.backbone_name, features_only=True, out_indices=(2, 3, 4))
    channels = backbone.feature_info.channels()
    fpn = effdet.efficientdet.BiFpn(config, [{"num_chs": n, "reduction": 8 << i} for i, n in enumerate(channels)])

    def run(**maps):
        return {f"P{i + 3}": x for i, x in enumerate(fpn(list(maps.values())))}

    inputs = pyramid(3, channels, *(n // 8 for n in config.image_size))
    return Network(fpn, run, {name.replace("C", "P"): shape for name, shape in inputs.items()}, rename=lambda name: f"fpn.{name}")


def resnet(depth, size):
    net = torchvision.models.get_model(f"resnet{depth}")
    return Network(net, lambda x: {"logits": net(x)}, image(size))


def pyramid(lo, channels, height=16, width=24):
    return {f"C{lo + i}": [1, n, height >> i, width >> i] for i, n in enumerate(channels)}


def levels(lo, outputs):
    return {f"P{lo + i}": x for i, x in enumerate(outputs)}


def fpn(channels=(32, 64, 128), c=64, size=(16, 24), extra=None, norm=None, average=False):
    """Torchvision's. Half a sum at each level is a sum of more at the coarser ones: with weights scaled by powers of two, it is
    the average of Detectron2 as well, which no package index has."""
    net = FeaturePyramidNetwork(list(channels), c, extra_blocks=extra, norm_layer=norm)
    lo, steps = 6 - len(channels), len(channels) - 1

    def run(**maps):
        return levels(lo, net(maps).values())

    def scale(name):
        kind, level = name.split(".")[:2]
        if not average or kind == "extra_blocks":
            return 1.0
        below = steps - int(level)
        if kind == "inner_blocks":
            return 2.0 ** max(below - 1, 0)
        return 0.5**below if name.endswith("weight") else 1.0

    return Network(net, run, pyramid(lo, channels, *size), rename=lambda name: f"fpn.{name}", scale=scale)


def mmdet_fpn(source, relu):
    net = openmmlab("mmdet", ["utils.typing_utils", "models.necks.fpn"]).FPN(
        [32, 64, 128], 64, 5, add_extra_convs=source, relu_before_extra_convs=relu)

    def rename(name):
        kind, index, _, tensor = name.split(".")
        if kind == "fpn_convs" and int(index) > 2:
            return f"fpn.extra_blocks.p{int(index) + 3}.{tensor}"
        return f"fpn.{'inner_blocks' if kind == 'lateral_convs' else 'layer_blocks'}.{index}.0.{tensor}"

    return Network(net, lambda **maps: levels(3, net(list(maps.values()))), pyramid(3, [32, 64, 128]), rename)


def mmdet_pafpn(source, outputs):
    channels = [16, 32, 64, 128]
    net = openmmlab("mmdet", ["utils.typing_utils", "models.necks.fpn", "models.necks.pafpn"]).PAFPN(
        channels, 64, outputs, add_extra_convs=source, relu_before_extra_convs=True)
    names = {"lateral_convs": "fpn.inner_blocks", "fpn_convs": "fpn.layer_blocks", "downsample_convs": "down", "pafpn_convs": "out"}

    def rename(name):
        kind, index, _, tensor = name.split(".")
        if kind == "fpn_convs" and int(index) > 3:
            return f"extra_blocks.p{int(index) + 2}.{tensor}"
        return f"{names[kind]}.{index}.{'0.' if names[kind].startswith('fpn') else ''}{tensor}"

    def run(**maps):
        return {f"N{i + 2}": x for i, x in enumerate(net(list(maps.values())))}

    return Network(net, run, pyramid(2, channels), rename)


def rtdetr_encoder():
    """The hybrid encoder of RT-DETR and the projections before it, at 640×640."""
    detector = RTDetrModel(RTDetrConfig(attn_implementation="eager"))
    net = torch.nn.ModuleList([detector.encoder_input_proj, detector.encoder])

    def run(**maps):
        projected = [project(x) for project, x in zip(detector.encoder_input_proj, maps.values())]
        return levels(3, detector.encoder(projected).last_hidden_state)

    return Network(net, run, pyramid(3, RESNET50[1:], 80, 80))


def vit(size, registers, image_size):
    """DINOv2's backbone. Other sizes than the published checkpoints' 518 have as many places to learn."""
    net = timm.create_model(f"vit_{size}_patch14{'_reg4' if registers else ''}_dinov2", img_size=image_size)
    return Network(net, lambda x: {"tokens": net(x)}, image((image_size, image_size)))


RESNET50 = (256, 512, 1024, 2048)
LITE_HRNET = {18: (2, 4, 2), 30: (3, 8, 3)}


def sampled():
    """What makes each network whose outputs are sampled, by the name of the test."""
    made = {f"hrnet_w{width}": partial(hrnet, width, SMALL) for width in (18, 32)}
    made |= {f"lite_hrnet_{depth}": partial(lite_hrnet, modules, SMALL) for depth, modules in LITE_HRNET.items()}
    made |= {"yolov8n": partial(yolov8, "n", True, SMALL)}
    made |= {f"yolov8{scale}_neck": partial(yolov8, scale, False, SMALL) for scale in "smlx"}
    # At half the size the coarsest maps of D7x have a row each, between which effdet does not pool.
    made |= {f"bifpn_{scale.lower()}": partial(bifpn, scale, (256, 384) if scale == "D7x" else (128, 192)) for scale in SCALES[1:]}
    return made | {
        "fpn_pool": partial(fpn, (16, 32, 64, 128), extra=LastLevelMaxPool()),
        "fpn_p6p7": partial(fpn, extra=LastLevelP6P7(64, 64)),
        "fpn_p6p7_input": partial(fpn, extra=LastLevelP6P7(128, 64)),
        "fpn_batch_norm": partial(fpn, norm=torch.nn.BatchNorm2d),
        "fpn_average": partial(fpn, extra=LastLevelP6P7(64, 64), average=True),
        "fpn_two_pools": partial(mmdet_fpn, False, False),
        "fpn_input": partial(mmdet_fpn, "on_input", False),
        "fpn_lateral": partial(mmdet_fpn, "on_lateral", True),
        "fpn_output": partial(mmdet_fpn, "on_output", True),
        "pafpn_sums": partial(mmdet_pafpn, False, 4),
        "pafpn_input": partial(mmdet_pafpn, "on_input", 6),
        "pafpn_lateral": partial(mmdet_pafpn, "on_lateral", 6),
        "pafpn_output": partial(mmdet_pafpn, "on_output", 6),
    }


def published():
    """What makes each network whose figures are published, at the sizes that they are published for."""
    made = {f"hrnet_w{width}": partial(hrnet, width, (224, 224)) for width in (18, 32)}
    made |= {f"lite_hrnet_{depth}": partial(lite_hrnet, modules, (256, 192)) for depth, modules in LITE_HRNET.items()}
    made |= {f"yolov8{scale}": partial(yolov8, scale, True, (640, 640)) for scale in "nsmlx"}
    made |= {f"bifpn_{scale.lower()}": partial(bifpn, scale) for scale in SCALES}
    for size in ("small", "base", "large"):
        for registers in (False, True):
            made |= {f"vit_{size}{'_reg4' if registers else ''}@{at}": partial(vit, size, registers, at) for at in (518, 224)}
    return made | {
        "rtdetr_encoder": rtdetr_encoder,
        "fpn": partial(fpn, RESNET50, 256, (56, 56)),
        "fpn_batch_norm": partial(fpn, RESNET50, 256, (56, 56), norm=torch.nn.BatchNorm2d),
        "fpn_retinanet": partial(fpn, RESNET50[1:], 256, (32, 32), extra=LastLevelP6P7(2048, 256)),
        "fpn_retinanet_v2": partial(fpn, RESNET50[1:], 256, (32, 32), extra=LastLevelP6P7(256, 256)),
        "resnet50": partial(resnet, 50, (224, 224)),
        "resnet18": partial(resnet, 18, (224, 224)),
    }
