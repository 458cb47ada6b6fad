"""Every network as ONNX: accepted by onnx.checker, and the same in ONNX Runtime at several sizes and batches of one file.

With `--rust PROGRAM`, that of `tests/peers/rust`, the same in tract.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from cases import CASES, Table, error, given, inputs, name, neckar, onnx_inputs, reference, sizes_of, spec_name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rust")
    rust = parser.parse_args().rust
    in_onnxruntime, in_tract = Table("onnxruntime"), Table("tract")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for spec, settings in CASES:
            weights = folder / "weights.safetensors"
            neckar("weights", "init", spec, *given(settings), "--seed", 1, "-o", weights)
            every, first = sizes_of(spec), sizes_of(spec)[0]
            at = ",".join(f"{symbol}={value}" for symbol, value in first.items())
            for options, sizes_of_file in [([], every), (["--fold-norms", "--beside"], every), (["--fold-norms", "--at", at], [first])]:
                path = folder / "model.onnx"
                neckar("export", "onnx", spec, *given(settings), "--weights", weights, *options, "-o", path)
                onnx.checker.check_model(str(path), full_check=True)
                model = onnx.load(path, load_external_data=False)
                session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                for sizes in sizes_of_file:
                    arrays = inputs(onnx_inputs(model), sizes)
                    expected = reference(folder, spec, settings, weights, arrays)
                    names = [spec_name(output.name, expected) for output in session.get_outputs()]
                    made = dict(zip(names, session.run(None, arrays)))
                    what = " ".join([name(spec, settings), *options])
                    in_onnxruntime.line(what, sizes, error(made, expected))
                    if rust:
                        np.savez(folder / "in.npz", **arrays)
                        command = [rust, "tract", path, folder / "in.npz", folder / "out.npz", "1"]
                        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                        made = {spec_name(output, expected): array for output, array in np.load(folder / "out.npz").items()}
                        in_tract.line(what, sizes, error(made, expected))
    in_onnxruntime.end()
    if rust:
        in_tract.end()


main()
