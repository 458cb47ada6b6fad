"""The engines that are timed, each in a process of its own, and their alternation."""

import importlib.metadata
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from cases import NECKAR, given, neckar, spec_name

HERE = Path(__file__).parent
PYTHON = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "torch.compile"}
RUST = {"tract": "tract", "rten": "RTen"}

# Outputs differ from neckar's by at most so much of the greatest value.
TOLERANCE = 1e-4


class Failed(Exception):
    """An engine that does not run a network, and why."""


class Peer:
    """An engine that waits in its process for the next round."""

    def __init__(self, engine, model, network, threads, rust=None, environment=None):
        self.outputs = network.folder / f"{engine}.npz"
        program = [rust, engine] if engine in RUST else [sys.executable, HERE / "engine.py", engine]
        command = [*program, model, network.inputs_npz, self.outputs, threads]
        self.log = network.folder / f"{engine}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True, env={**os.environ, **(environment or {})})
        self.start = self.answer()
        self.difference = difference(dict(np.load(self.outputs)), network.expected)
        if not self.difference <= TOLERANCE:
            raise Failed(f"its outputs differ by {self.difference:.1e} of the greatest value")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.close()
            said = self.log.read_text().strip().splitlines()
            raise Failed(next((line for line in said if "rror" in line), f"it ended with {self.process.returncode}"))
        return json.loads(line)

    def time(self, seconds):
        """The median of the runs of a round, in milliseconds."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.answer()["median_ms"]

    def close(self):
        self.process.communicate()


class Neckar:
    """`neckar bench`, a process a round."""

    def __init__(self, network, threads, numerics, instructions):
        self.arguments = [*network.arguments, "--threads", threads, "--numerics", numerics, "--instructions", instructions]
        outputs = network.folder / "neckar.safetensors"
        neckar("run", *self.arguments, "-o", outputs)
        self.difference = difference(load_file(outputs), network.expected)
        if not self.difference <= TOLERANCE:
            raise Failed(f"its outputs in `{numerics}` differ by {self.difference:.1e} of the greatest value")
        self.start = {"first_ms": sum(self.bench(0)["start"].values())}

    def bench(self, seconds):
        return json.loads(neckar("bench", *self.arguments, "--runs", 5, "--seconds", seconds, "--format", "json"))

    def time(self, seconds):
        return self.bench(seconds)["median_ms"]

    def close(self):
        pass


class Network:
    """A network at a size and a batch: its weights, inputs, exports and what it gives, as files in a folder.

    `exports` are ONNX files at that size by who exported them, `free` those for any size.
    """

    def __init__(self, folder, name, spec, settings, sizes, with_free=False):
        # What needs PyTorch is imported only where a script does.
        import onnx

        import pytorch
        from cases import inputs, onnx_inputs, reference

        folder.mkdir(parents=True)
        self.folder, self.name = folder, name
        weights, module = folder / "weights.safetensors", folder / "network.py"
        self.exports, self.free = {"neckar": folder / "neckar.onnx"}, {"neckar": folder / "neckar-free.onnx"}
        neckar("weights", "init", spec, *given(settings), "--seed", 1, "-o", weights)
        neckar("export", "pytorch", spec, *given(settings), "-o", module)
        export = ["export", "onnx", spec, *given(settings), "--weights", weights, "--fold-norms"]
        neckar(*export, "-o", self.free["neckar"])
        neckar(*export, "--at", ",".join(f"{symbol}={value}" for symbol, value in sizes.items()), "-o", self.exports["neckar"])
        arrays = inputs(onnx_inputs(onnx.load(self.free["neckar"])), sizes)
        self.inputs_npz = folder / "in.npz"
        np.savez(self.inputs_npz, **arrays)
        self.expected = reference(folder, spec, settings, weights, arrays)
        self.arguments = [spec, *given(settings), "--weights", weights, "--input", folder / "in.safetensors"]
        self.module = f"{module}:{weights}"
        for exporter, dynamo in [("PyTorch", True), ("PyTorch's older one", False)]:
            for exports, free in [(self.exports, False)] + [(self.free, True)] * with_free:
                exports[exporter] = folder / f"dynamo={dynamo},free={free}.onnx"
                pytorch.export_onnx(module, weights, arrays, exports[exporter], dynamo, free)


def difference(own, expected):
    """The greatest difference of an output relative to the greatest of its values."""
    own = {spec_name(name, expected): array for name, array in own.items()}
    if own.keys() != expected.keys() or any(own[name].shape != expected[name].shape for name in own):
        raise Failed("it has other outputs")
    return max(float(abs(own[name] - array).max() / abs(array).max()) for name, array in expected.items())


def race(contestants, rounds, seconds):
    """Times each in alternation; a list of milliseconds each, a round a number.

    A round has an order of its own: whoever always follows the same one finds always the same caches and clock.
    """
    times = {name: [] for name in contestants}
    for at in range(rounds):
        for name in random.Random(at).sample(list(contestants), len(contestants)):
            times[name].append(contestants[name].time(seconds))
    return times


def ratio(slower, faster):
    """The ratio of the medians, and the least and the greatest of a round."""
    rounds = [a / b for a, b in zip(slower, faster)]
    return statistics.median(slower) / statistics.median(faster), min(rounds), max(rounds)


def machine():
    """What a figure was taken on."""
    info = Path("/proc/cpuinfo").read_text()
    field = lambda name: next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith(name)), "?")
    flags = [flag for flag in field("flags").split() if flag.startswith(("avx", "fma", "amx"))]
    return {"processor": field("model name"), "cores": os.cpu_count(), "instructions": flags, "kernel": os.uname().release}


def versions(rust):
    """Of neckar and the engines, by their names."""
    found = {"neckar": subprocess.run([NECKAR, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]}
    found |= {PYTHON[name]: importlib.metadata.version(name) for name in PYTHON}
    if rust:
        lock = (HERE / "rust/Cargo.lock").read_text().split("[[package]]")
        crate = {"tract": "tract-onnx", "rten": "rten"}
        for name, shown in RUST.items():
            entry = next(entry for entry in lock if f'name = "{crate[name]}"\n' in entry)
            found[shown] = entry.split('version = "')[1].split('"')[0]
    return found
