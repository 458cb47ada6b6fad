"""Samples of what other packages' networks compute, for tests/suite/references.rs; the figures that tests/suite/published.rs holds.

    python references.py SAMPLES.safetensors

Weights and inputs are drawn by their names as tests/suite/formula.rs says, and everything is computed in float64. An output has up
to 512 samples and its norm, as tests/suite/oracles.rs says.
"""

import sys
from importlib.metadata import version

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.utils.flop_counter import FlopCounterMode

from packages import published, sampled

SAMPLES = 512
PACKAGES = ["effdet", "mmdet", "mmpose", "timm", "torch", "torchvision", "ultralytics"]


def draws(name, count):
    """The first draws of a name, in [0, 1)."""
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = (start ^ byte) * 0x100000001B3 % 2**64
    # Unsigned arithmetic of arrays wraps, as the formula asks for.
    z = np.arange(count, dtype=np.uint64) + np.array([start], np.uint64) + np.array([0x9E3779B97F4A7C15], np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float64) / 2**24


def single(values, shape):
    """Values as they are stored, in single precision, but to compute with in double."""
    return torch.from_numpy(values.astype(np.float32).astype(np.float64).reshape(tuple(shape)))


def weight(name, shape):
    u = draws(name, int(np.prod(shape)))
    if name.endswith(".weight") and len(shape) >= 2:
        u = (2 * u - 1) * np.sqrt(3 / np.prod(shape[1:]))
    elif name.endswith((".running_mean", ".bias")):
        u = 0.2 * u - 0.1
    else:
        u = 0.5 + u
    return single(u, shape)


def drawn(network):
    """The network with weights of its names, in double precision."""
    module = network.module.double()
    module.eval()
    tensors = {name: tensor for name, tensor in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    values = {name: weight(network.rename(name), tensor.shape) * network.scale(name) for name, tensor in tensors.items()}
    module.load_state_dict(values, strict=False)


def samples(name, network):
    """The samples and the norm of each output."""
    drawn(network)
    inputs = {own: single(2 * draws(f"input:{own}", int(np.prod(shape))) - 1, shape) for own, shape in network.inputs.items()}
    held = {}
    for output, array in network.run(**inputs).items():
        values = array.numpy().ravel()
        at = (draws(f"{name}/{output}", min(SAMPLES, values.size)) * values.size).astype(np.int64)
        held[f"{name}/{output}"] = values[at].astype(np.float32)
        held[f"{name}/{output}#norm"] = np.array([np.linalg.norm(values)])
    return held


def figures(network):
    """Learnable parameters, and multiply-accumulates of convolutions and products as PyTorch's own counter has them. YOLOv8's
    `dfl`, a product with the numbers 0 to 15 that decodes boxes, is left out of both."""
    parameters = sum(x.numel() for name, x in network.module.named_parameters() if ".dfl." not in name)
    network.module.eval()
    with FlopCounterMode(display=False) as counter:
        network.run(**{own: torch.zeros(shape) for own, shape in network.inputs.items()})
    size = "×".join(str(n) for n in next(iter(network.inputs.values()))[2:])
    dfl = sum(sum(of.values()) for name, of in counter.get_flop_counts().items() if name.endswith(".dfl"))
    return parameters, (counter.get_total_flops() - dfl) // 2, size


def main(path):
    held = {}
    with torch.no_grad():
        for name, make in sampled().items():
            held |= samples(name, make())
        save_file(held, path, metadata={package: version(package) for package in PACKAGES})
        for name, make in published().items():
            print("{:<20} {:>12_} parameters {:>16_} multiply-accumulates at {}".format(name, *figures(make())))


main(sys.argv[1])
