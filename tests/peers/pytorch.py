"""A module that `neckar export pytorch` wrote, and PyTorch's own ways on from it."""

import importlib.util
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file

# Compiled files are told apart by seconds and sizes, and scripts write the next network to the same path at once.
sys.dont_write_bytecode = True


def network(path):
    """The network of an exported file with the weights of its own initialisation."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    # The file's doc comment begins with the network's class.
    return getattr(loaded, loaded.__doc__.split()[0])()


def trained(path, weights):
    """The network with weights from a file, for inference."""
    net = network(path)
    net.load_state_dict(load_file(weights), strict=True)
    return net.eval()


def run(net, arrays):
    with torch.no_grad():
        return {own: made.numpy() for own, made in net(**{own: torch.from_numpy(x) for own, x in arrays.items()}).items()}


def export_onnx(path, weights, arrays, onnx, dynamo, free=False):
    """PyTorch's own ONNX export by either of its exporters; both fold batch norms. Sizes are fixed at those of the arrays, or free."""
    net = trained(path, weights)
    tensors = {own: torch.from_numpy(x) for own, x in arrays.items()}
    names = {"input_names": list(arrays), "output_names": list(run(net, arrays))}
    axes = {own: [0, *range(2, x.ndim)] for own, x in arrays.items()} if free else {}
    with warnings.catch_warnings():
        # The older exporter says that it is the older one.
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = {own: dict.fromkeys(free, torch.export.Dim.DYNAMIC) for own, free in axes.items()}
            torch.onnx.export(net, (), onnx, kwargs=tensors, dynamo=True, external_data=False, verbose=False,
                              dynamic_shapes=shapes or None, **names)
        else:
            torch.onnx.export(net, tuple(tensors.values()), onnx, dynamo=False, dynamic_axes=axes, **names)
