"""neckar beside the engines that people use: the same weights and inputs, outputs compared, then timed in alternation.

Every engine has a process of its own that waits while others run; of ONNX files each gets the faster of neckar's export and
PyTorch's two. A figure is the median of the rounds, with the fastest and the slowest of them; a round is a median of runs. Factors are
the fastest peer's time over neckar's, with the least and the greatest of a round.

With `--instructions avx2` all are held to AVX2: neckar, OpenVINO and PyTorch by switches of their own, the others as `avx2.py` says.

candle is not among them: each of these networks would have to be written by hand for it.
"""

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import avx2
from cases import NECKAR
from engines import PYTHON, RUST, Failed, Neckar, Network, Peer, machine, race, ratio, versions

# Specs with their settings, and sizes.
NETWORKS = {
    "lite_fpn": ("lite_fpn", [], {"H": 64, "W": 128}),
    "fpn, 640×640 image": ("fpn", [], {"H": 160, "W": 160}),
    "fpn, 224×224 image": ("fpn", [], {"H": 56, "W": 56}),
    "resnet18_fpn_cls": ("resnet18_fpn_cls", [], {"H": 224, "W": 224}),
    "resnet50_fpn": ("resnet50_fpn", [], {"H": 224, "W": 224}),
    "msfe_fpn": ("msfe_fpn", [], {"H": 224, "W": 224}),
    "yolov8n_neck": ("yolov8_neck", ["scale=n"], {"H": 640, "W": 640}),
    "yolov8s_neck": ("yolov8_neck", ["scale=s"], {"H": 640, "W": 640}),
    "bifpn D0, 512×512 image": ("bifpn", [], {"H": 64, "W": 64}),
    "carafe_fpn, 224×224 image": ("carafe_fpn", [], {"H": 56, "W": 56}),
    "rtdetr_encoder, 640×640 image": ("rtdetr_encoder", [], {"H": 80, "W": 80}),
    "vit_pyramid": ("vit_pyramid", [], {"H": 224, "W": 224}),
    "hrnet W18": ("hrnet", [], {"H": 224, "W": 224}),
}

# What OpenVINO's and PyTorch's libraries read: oneDNN, ATen, MKL.
AVX2_ENVIRONMENT = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}

# Rounds and seconds to find the faster export.
TRIAL = (3, 0.3)


class Peers:
    """The peers held to a set of instructions."""

    def __init__(self, folder, instructions, engines, rust):
        self.engines, self.rust, self.environments = engines, rust, {}
        if instructions == "avx2":
            self.environments = dict.fromkeys(["openvino", "torch"], AVX2_ENVIRONMENT)
            if "onnxruntime" in engines:
                import onnxruntime

                copy = avx2.copy_package(onnxruntime, folder / "avx2")
                self.environments["onnxruntime"] = {"PYTHONPATH": str(copy.parent)}
            if set(engines) & set(RUST):
                self.rust = avx2.copy_program(rust, folder / "avx2")

    def start(self, engine, model, network, threads):
        return Peer(engine, model, network, threads, self.rust, self.environments.get(engine))

    def fastest(self, engine, network, threads):
        """The engine on the export that it runs fastest, and whose that is."""
        if engine == "torch":
            return self.start(engine, network.module, network, threads), None
        candidates, reasons = {}, []
        for exporter, path in network.exports.items():
            try:
                candidates[exporter] = self.start(engine, path, network, threads)
            except Failed as failed:
                reasons.append(f"{exporter}: {failed}")
        if not candidates:
            raise Failed("; ".join(reasons))
        times = race(candidates, *TRIAL)
        best = min(candidates, key=lambda exporter: statistics.median(times[exporter]))
        for exporter, candidate in candidates.items():
            if exporter != best:
                candidate.close()
        return candidates[best], best


def measure(network, peers, instructions, threads, arguments):
    """A row of the table."""
    contestants, exports, failed = {}, {}, {}
    for numerics in ["fast", "exact"]:
        contestants[f"neckar {numerics}"] = Neckar(network, threads, numerics, instructions)
    for engine in peers.engines:
        shown = (PYTHON | RUST)[engine]
        try:
            contestants[shown], exports[shown] = peers.fastest(engine, network, threads)
        except Failed as reason:
            failed[shown] = str(reason)
    times = race(contestants, arguments.rounds, arguments.seconds)
    for contestant in contestants.values():
        contestant.close()
    others = [name for name in times if not name.startswith("neckar")]
    best = min(others, key=lambda name: statistics.median(times[name]))
    return {
        "times_ms": times,
        "exports": exports,
        "failed": failed,
        "differences": {name: contestant.difference for name, contestant in contestants.items()},
        "best_peer": best,
        "factors": {name: ratio(times[best], times[name]) for name in times if name not in others},
    }


def start_up(network, peers, threads, instructions):
    """What memory a fresh process takes beyond an idle one, inputs and outputs among it, and the time to its first outputs."""
    folder = network.folder
    session = peers.start("onnxruntime", network.exports["neckar"], network, threads)
    session.close()
    own = [*network.arguments, "--threads", str(threads), "--instructions", instructions, "-o", folder / "out.safetensors"]

    def peak(*arguments):
        done = subprocess.run(list(map(str, [peers.rust, "peak", NECKAR, *arguments])), capture_output=True, text=True, check=True)
        return int(done.stdout)

    return {
        "neckar_grown_kib": peak("-q", "run", *own) - peak("--version"),
        "neckar_first_ms": Neckar(network, threads, "fast", instructions).start["first_ms"],
        "onnxruntime_grown_kib": session.start["grown_kib"],
        "onnxruntime_first_ms": session.start["first_ms"],
    }


def spread(times):
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def speed_table(rows, engines):
    """Times in milliseconds; the fastest peer's is bold."""
    shown = [(PYTHON | RUST)[engine] for engine in engines]
    lines = []
    for row in rows:
        times, best = row["times_ms"], row["best_peer"]
        cell = lambda name: "—" if name not in times else f"**{spread(times[name])}**" if name == best else spread(times[name])
        factors = ["{:.2f}× ({:.2f} to {:.2f})".format(*row["factors"][f"neckar {numerics}"]) for numerics in ["fast", "exact"]]
        lines.append([row["network"], *factors, *map(cell, ["neckar fast", "neckar exact", *shown])])
    return table(["network", "fast", "exact", "neckar, fast", "neckar, exact", *shown], lines)


def start_table(rows):
    figures = ["neckar_grown_kib", "onnxruntime_grown_kib", "neckar_first_ms", "onnxruntime_first_ms"]
    scales = [1024, 1024, 1, 1]
    lines = [[row["network"], *(f"{row[figure] / scale:.1f}" for figure, scale in zip(figures, scales))] for row in rows]
    return table(["network", "neckar, MiB", "ONNX Runtime, MiB", "neckar, ms", "ONNX Runtime, ms"], lines)


def report(found, engines):
    named = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    host = found["machine"]
    text = f"{found['date']}, {host['processor']}, {host['cores']} cores, {' '.join(host['instructions'])}; {named}.\n"
    kinds = dict.fromkeys((row["instructions"], row["batch"], row["threads"]) for row in found["speed"])
    for instructions, batch, threads in kinds:
        rows = [row for row in found["speed"] if (row["instructions"], row["batch"], row["threads"]) == (instructions, batch, threads)]
        text += f"\n## {threads} thread{'s'[:threads > 1]}, batch {batch}, {instructions}: milliseconds a run\n\n" + speed_table(rows, engines)
        for row in rows:
            text += "".join(f"\n{row['network']}: {name} left out: {reason}\n" for name, reason in row["failed"].items())
    if found["start"]:
        text += "\n## Growth of memory at its peak, and the time from the files to the first outputs\n\n" + start_table(found["start"])
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--engines", nargs="+", choices=[*PYTHON, *RUST], default=[*PYTHON, *RUST])
    parser.add_argument("--instructions", nargs="+", choices=["avx512", "avx2"], default=["avx512"])
    parser.add_argument("--threads", nargs="+", type=int, default=[2, 1])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="a round")
    parser.add_argument("--rust", type=Path, required=True, help="the program of tests/peers/rust")
    parser.add_argument("--json", type=Path, default=Path("target/peers-speed.json"))
    arguments = parser.parse_args()
    found = {"schema_version": 1, "date": datetime.date.today().isoformat(), "machine": machine(),
             "versions": versions(arguments.rust), "speed": [], "start": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for instructions in arguments.instructions:
            peers = Peers(folder, instructions, arguments.engines, arguments.rust)
            for batch in arguments.batches:
                for name in arguments.networks:
                    spec, settings, sizes = NETWORKS[name]
                    place = folder / f"{instructions}-{batch}-{arguments.networks.index(name)}"
                    network = Network(place, name, spec, settings, {"B": batch, **sizes})
                    for threads in arguments.threads:
                        row = {"network": name, "instructions": instructions, "batch": batch, "threads": threads,
                               **measure(network, peers, instructions, threads, arguments)}
                        found["speed"].append(row)
                        print(name, instructions, f"batch {batch}, threads {threads}:",
                              "; ".join(f"{own} {spread(times)}" for own, times in row["times_ms"].items()), file=sys.stderr)
                        arguments.json.write_text(json.dumps(found, indent=1))
                    if batch == 1 and instructions == arguments.instructions[0] and "onnxruntime" in arguments.engines:
                        row = start_up(network, peers, max(arguments.threads), instructions)
                        found["start"].append({"network": name, "instructions": instructions, **row})
    arguments.json.write_text(json.dumps(found, indent=1))
    print(report(found, arguments.engines))


main()
