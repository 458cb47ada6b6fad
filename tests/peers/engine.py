"""One engine in a process of its own, as `rust/` has Rust's.

    python engine.py ENGINE MODEL INPUTS.npz OUTPUTS.npz THREADS

It loads a network, runs it and prints `{"first_ms": …, "grown_kib": …}`: the time from the file to the outputs, and what memory
grew by at most since the library was imported, inputs and outputs among it. Then, for each number of seconds on the standard input, it repeats the run for so
long and prints `{"median_ms": …}`. MODEL is an ONNX file, for `torch` MODULE.py:WEIGHTS.safetensors.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

LEAST_RUNS = 5


def onnxruntime(path, threads):
    import onnxruntime

    def load(arrays):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return lambda: dict(zip(names, session.run(names, arrays)))

    return load


def openvino(path, threads):
    import openvino

    def load(arrays):
        core = openvino.Core()
        model = core.read_model(path)
        model.reshape({own: list(array.shape) for own, array in arrays.items()})
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        compiled = core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        names = [output.get_any_name() for output in compiled.outputs]

        def run():
            made = request.infer(arrays, share_inputs=True, share_outputs=True)
            return {name: made[at] for at, name in enumerate(names)}

        return run

    return load


def torch(path, threads):
    import torch
    import torch._inductor.config as inductor

    import pytorch

    def load(arrays):
        torch.set_num_threads(threads)
        # Weights become constants, so that they are packed and norms are folded.
        inductor.freezing = True
        if torch.backends.cpu.get_cpu_capability() == "AVX2":
            inductor.cpp.simdlen = 256
        net = torch.compile(pytorch.trained(*path.split(":")))
        tensors = {own: torch.from_numpy(array) for own, array in arrays.items()}

        def run():
            with torch.no_grad():
                return {own: made.numpy() for own, made in net(**tensors).items()}

        return run

    return load


def memory(field):
    """A line of the process's status, in KiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(f"{field}:"))


def milliseconds(run):
    began = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - began)


def main():
    engine, path, inputs, outputs, threads = sys.argv[1:]
    load = {"onnxruntime": onnxruntime, "openvino": openvino, "torch": torch}[engine](path, int(threads))
    idle = memory("VmRSS")
    # Forgets the peak that importing had.
    Path("/proc/self/clear_refs").write_text("5")
    arrays = dict(np.load(inputs))
    began = time.perf_counter()
    run = load(arrays)
    made = run()
    first = 1e3 * (time.perf_counter() - began)
    grown = memory("VmHWM") - idle
    np.savez(outputs, **made)
    del made
    print(json.dumps({"first_ms": first, "grown_kib": grown}), flush=True)
    for line in sys.stdin:
        run()  # the others' runs took the caches
        times, end = [], time.perf_counter() + float(line)
        while len(times) < LEAST_RUNS or time.perf_counter() < end:
            times.append(milliseconds(run))
        print(json.dumps({"median_ms": statistics.median(times)}), flush=True)


main()
