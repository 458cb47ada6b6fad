"""Every network as a PyTorch module: it takes neckar's weights strictly and gives the same; and the loop through training."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

import pytorch
from cases import CASES, Table, error, given, inputs, name, neckar, reference, sizes_of

# Those that are trained as well: with batch norms, with fusion weights too, without either, with a backbone.
TRAINED = [("lite_fpn", []), ("lite_fpn", ["fuse=weighted"]), ("fpn", []), ("resnet18_fpn_cls", ["classes=10"])]


def table(text):
    """The inputs in the I/O table of a module's doc comment."""
    rows = [line.split(None, 2)[1:] for line in text.splitlines() if line.startswith("input")]
    axes = {own: shape.strip("[] ").split(", ") for own, shape in rows}
    return {own: [int(size) if size.isdigit() else size for size in shape] for own, shape in axes.items()}


def initialisation(net, folder, spec, settings):
    """Each tensor of the module's own initialisation has the spread of neckar's."""
    neckar("weights", "init", spec, *given(settings), "--seed", 2, "-o", folder / "drawn.safetensors")
    drawn = load_file(folder / "drawn.safetensors")
    for key, tensor in net.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        own, theirs = tensor.numpy().ravel(), drawn[key].ravel()
        if theirs.std() == 0 or theirs.size < 2000:
            same = theirs.std() != 0 or np.array_equal(own, theirs)
        else:
            # The mean distance from zero is 0.80 deviations of a normal distribution, and 0.87 of a uniform one.
            shape = [abs(values).mean() / values.std() for values in (own, theirs)]
            same = abs(own.std() / theirs.std() - 1) < 0.1 and abs(shape[0] - shape[1]) < 0.035
        if not same:
            raise SystemExit(f"{name(spec, settings)}: `{key}` begins otherwise in PyTorch: {own.std()} against {theirs.std()}")


def train(net, shapes, folder):
    """A few steps on noise, so that every tensor is another than before."""
    net.train()
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3)
    for seed in range(3):
        arrays = inputs(shapes, {"B": 2, "H": 64, "W": 96}, seed)
        loss = sum(made.square().mean() for made in net(**{own: torch.from_numpy(x) for own, x in arrays.items()}).values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.eval()
    save_file(net.state_dict(), folder / "trained.safetensors")


def main():
    torch.manual_seed(0)
    results = Table("torch")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for spec, settings in CASES:
            path, weights = folder / "network.py", folder / "weights.safetensors"
            neckar("export", "pytorch", spec, *given(settings), "-o", path)
            neckar("weights", "init", spec, *given(settings), "--seed", 1, "-o", weights)
            shapes = table(path.read_text())
            initialisation(pytorch.network(path), folder, spec, settings)
            net = pytorch.trained(path, weights)
            for sizes in sizes_of(spec):
                arrays = inputs(shapes, sizes)
                expected = reference(folder, spec, settings, weights, arrays)
                results.line(name(spec, settings), sizes, error(pytorch.run(net, arrays), expected))
            if (spec, settings) in TRAINED:
                train(net, shapes, folder)
                arrays = inputs(shapes, sizes_of(spec)[0], seed=9)
                expected = reference(folder, spec, settings, folder / "trained.safetensors", arrays)
                results.line(name(spec, settings) + " (trained)", sizes_of(spec)[0], error(pytorch.run(net, arrays), expected))
    results.end()


main()
