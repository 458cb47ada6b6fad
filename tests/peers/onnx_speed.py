"""ONNX Runtime on neckar's export and on PyTorch's own of the same network with the same weights, in alternation.

Files for the size that is timed are held to such files, files for any size to such. Of PyTorch's two exporters the faster counts. A
try whose ratio of medians is above the tolerance is repeated, since other work on the machine disturbs it.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from engines import Network, Peer, race, ratio

NETWORKS = [
    ("lite_fpn", "lite_fpn", {"B": 1, "H": 64, "W": 128}),
    ("fpn, 640×640 image", "fpn", {"B": 1, "H": 160, "W": 160}),
    ("fpn, 224×224 image", "fpn", {"B": 1, "H": 56, "W": 56}),
    ("resnet50_fpn", "resnet50_fpn", {"B": 1, "H": 224, "W": 224}),
]

SLOWER = 1.03


def attempt(contestants, rounds, seconds):
    """Whether neckar's export is no slower; prints the figures."""
    times = race(contestants, rounds, seconds)
    best = min((name for name in times if name != "neckar"), key=lambda name: statistics.median(times[name]))
    middle, least, most = ratio(times["neckar"], times[best])
    own, other = statistics.median(times["neckar"]), statistics.median(times[best])
    good = middle <= SLOWER
    print(f"  neckar {own:.2f} ms, {best} {other:.2f} ms: {middle:.3f} ({least:.3f} to {most:.3f} in a round)"
          f"{'' if good else f', more than {SLOWER}'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="a round")
    parser.add_argument("--tries", type=int, default=3)
    arguments = parser.parse_args()
    slower = []
    with tempfile.TemporaryDirectory() as folder:
        for at, (name, spec, sizes) in enumerate(NETWORKS):
            print(name, flush=True)
            network = Network(Path(folder) / str(at), name, spec, [], sizes, with_free=True)
            for kind, exports in [("fixed sizes", network.exports), ("free sizes", network.free)]:
                print(f" {kind}", flush=True)
                contestants = {own: Peer("onnxruntime", path, network, arguments.threads) for own, path in exports.items()}
                if not any(attempt(contestants, arguments.rounds, arguments.seconds) for _ in range(arguments.tries)):
                    slower.append(f"{name} with {kind}")
                for contestant in contestants.values():
                    contestant.close()
    if slower:
        raise SystemExit(f"ONNX Runtime is slower on neckar's export of {'; '.join(slower)}")


main()
