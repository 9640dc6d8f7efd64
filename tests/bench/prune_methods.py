#!/usr/bin/env python3
"""Pruning methods at equal kept weights: trains MNIST with several seeds, prunes at several ratios, prints the
median test accuracy. Needs the data (HEAVYTAIL_DATA) and ./heavytail; about ten minutes on two cores.

    tests/bench/prune_methods.py [--width 500] [--seeds 5] [--runs DIR]
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

RATIOS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
METHODS = [["random"], ["node"], ["magnitude"], ["magnitude-layer"], ["coreset", "--coreset", "top"],
           ["coreset", "--coreset", "best"], ["coreset", "--coreset", "sampled"]]


def heavytail(*args):
    done = subprocess.run([os.environ.get("HT_BINARY", "./heavytail"), *map(str, args), "--json"],
                          check=True, capture_output=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", default=tempfile.mkdtemp())
    options = parser.parse_args()
    runs = []
    for seed in range(1, options.seeds + 1):
        run = os.path.join(options.runs, f"seed-{seed}")
        runs.append(run)
        if not os.path.exists(run):
            result = heavytail("train", "--preset", "mnist", "--set", f"model.width={options.width}", "--set",
                               f"train.seed={seed}", "--run", run, "--quiet")
            print(f"seed {seed}: {result['steps']} steps, test accuracy {result['test']['accuracy']:.4f}")
    print(f"{'method':<18}" + "".join(f"{r:>8}" for r in RATIOS) + "   weights left")
    for method in METHODS:
        medians, left = [], []
        for ratio in RATIOS:
            results = [heavytail("prune", run, "--ratio", ratio, "--method", *method) for run in runs]
            medians.append(statistics.median(r["accuracy"] for r in results))
            left.append(statistics.median(r["parameters"]["after"] / r["parameters"]["before"]
                                          for r in results))
        name = method[0] + (f" ({method[2]})" if len(method) > 1 else "")
        print(f"{name:<18}" + "".join(f"{m:8.4f}" for m in medians) + "   " +
              " ".join(f"{x:.3f}" for x in left), flush=True)


if __name__ == "__main__":
    main()
