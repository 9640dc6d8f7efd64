#!/usr/bin/env python3
"""Accuracy against the weights that are left: deep weight factorization and magnitude pruning, LeNet-5 on MNIST.

Trains D = 1, 2 and 3 with several penalties and seeds (runs that are there are kept), prunes each by magnitude,
and prints medians and ranges. Needs MNIST (HEAVYTAIL_DATA) and ./heavytail or $HT_BINARY; with 5 seeds half an
hour of one core (HEAVYTAIL_THREADS=1).

    tests/bench/factor_curves.py [--seeds 5] [--runs DIR] [--batch 64] [--steps 12000]
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

CELLS = [(1, 0.1, "0"), (1, 0.1, "0.0005"), (2, 1, "0.0005"), (2, 1, "0.001"), (2, 1, "0.002"), (2, 0.5, "0.001"),
         (2, 0.5, "0.002"), (3, 1, "0.00025"), (3, 1, "0.0005"), (3, 1, "0.001")]  # D, step size, decay
SHARES = [0.5, 0.2, 0.1, 0.05, 0.025, 0.0125]
CHANCE = 0.2  # of ten classes: a network below has died


def heavytail(*words):
    done = subprocess.run([os.environ.get("HT_BINARY", "./heavytail"), *map(str, words), "--json"],
                          capture_output=True, check=False)
    return json.loads(done.stdout) if done.stdout else None


def run(options, factors, step, decay, seed):
    """What training ended with, and the curve; None for the curve of a run that diverged."""
    directory = pathlib.Path(options.runs) / f"d{factors}-e{step}-l{decay}-s{seed}"
    result, curve = directory.with_name(directory.name + ".json"), directory.with_name(directory.name + ".curve.json")
    if not result.exists() or not result.stat().st_size:
        found = heavytail("train", "--preset", "lenet5", "--set", f"model.factors={factors}", "--set",
                          f"train.batch={options.batch}", "--set", f"train.lr={step}", "--set", "train.momentum=0",
                          "--set", "train.schedule=cosine", "--set", f"train.weight_decay={decay}", "--set",
                          "train.eval_every=100000", "--steps", options.steps, "--set", f"train.seed={seed}", "--run",
                          directory, "--quiet")
        result.write_text(json.dumps(found))
    found = json.loads(result.read_text())
    if found["status"] == "diverged":
        return found, None
    if not curve.exists():
        curve.write_text(json.dumps(heavytail("prune", directory, "--method", "magnitude", "--curve")))
    return found, [(p["weights_left"], p["accuracy"]) for p in json.loads(curve.read_text())["curve"]]


def at(curve, share):
    """The accuracy at so many weights, on the line between two points."""
    for (more, high), (less, low) in zip(curve, curve[1:]):
        if less <= share <= more:
            return low + (high - low) * (share - less) / (more - less)
    return curve[-1][1]


def kept(curve):
    """Down to which the accuracy stays within a point of the whole network's."""
    share = 1
    for left, accuracy in curve:
        if accuracy < curve[0][1] - 0.01 - 1e-9:
            break
        share = left
    return share


def spread(values, form):
    values = sorted(values)
    return f"{form(statistics.median(values))} ({form(values[0])} to {form(values[-1])})"


def percent(x):
    return f"{100 * x:.3g} %"


def four(x):
    return f"{x:.4f}"


def main():
    parser = argparse.ArgumentParser()
    for name, default in ("seeds", 5), ("batch", 64), ("steps", 12000):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--runs", default=tempfile.mkdtemp())
    options = parser.parse_args()
    rows = []
    for factors, step, decay in CELLS:
        runs = [run(options, factors, step, decay, seed) for seed in range(1, options.seeds + 1)]
        whole = [(f, c) for f, c in runs if c]
        alive = [(f, c) for f, c in whole if f["test"]["accuracy"] > CHANCE]
        gone = [f"{options.seeds - len(whole)} diverged"] * (len(whole) < options.seeds)
        gone += [f"{len(whole) - len(alive)} died"] * (len(alive) < len(whole))
        rows.append((f"| {factors} | {step} | {decay} | {len(alive)}{''.join(', ' + g for g in gone)} |", alive))
    print("| D | η | λ | runs | test accuracy | above 1e-4 | above machine epsilon | kept |")
    print("|" + "---|" * 8)
    for name, alive in rows:
        weights = [f["methods"]["weights"] for f, _ in alive]
        columns = (spread([f["test"]["accuracy"] for f, _ in alive], four),
                   spread([w["above_1e-4"] for w in weights], percent),
                   spread([w["above_epsilon"] for w in weights], percent),
                   spread([kept(c) for _, c in alive], percent)) if alive else [""] * 4
        print(name, " | ".join(columns), "|")
    print("\n| D | η | λ | runs |", " | ".join(percent(s) for s in SHARES), "|\n|" + "---|" * (4 + len(SHARES)))
    for name, alive in rows:
        print(name, " | ".join(spread([at(c, s) for _, c in alive], four) if alive else "" for s in SHARES), "|")


if __name__ == "__main__":
    main()
