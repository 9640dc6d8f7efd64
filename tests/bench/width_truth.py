#!/usr/bin/env python3
"""Is what the width view says true? Holds the sentences of several width sweeps (`heavytail bench width`, one
for each train.seed) against a sweep of many seeds with the same settings:

    ./heavytail sweep --preset ecg-demo --set train.steps=300 --seeds 1..200 \\
        --vary model.width=100,190,370,720,1390,2680,5180,10000 --out runs/truth
    tests/bench/width_truth.py runs/truth [--seeds 1..20] [--runs 209] [--keep runs/width]

With --runs each width sweep has so many runs (what a minute of two quiet cores gave), without it takes a
minute. The truth is the slope of the line through the medians of the sweep, over the widths of the sentence's
own line; its error is from 1000 resamples of the seeds. What is kept in --keep is not trained again. Needs
numpy. Exit 1 when a sentence has the wrong sign, or more than a tenth of the intervals miss.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

import numpy as np


def read_truth(directory):
    """{width: {seed: κ}} of the cells of the sweep; diverged runs left out."""
    ratios = {}
    for name in glob.glob(os.path.join(directory, "cells", "*.json")):
        with open(name) as file:
            cell = json.load(file)
        if cell["status"] == "done":
            seeds = ratios.setdefault(int(cell["params"]["model.width"]), {})
            seeds[int(cell["params"]["train.seed"])] = cell["prune"]["ratio"]
    return ratios


def slope_of(widths, medians):
    x = np.log10(widths) - np.mean(np.log10(widths))
    return float(x @ medians / (x @ x))


def truth_of(ratios, widths, rng):
    """The slope, and its standard error: the same seed has the same first neurons at every width."""
    slope = slope_of(widths, [np.median(list(ratios[w].values())) for w in widths])
    seeds = np.array(sorted(set().union(*(ratios[w] for w in widths))))
    table = np.array([[ratios[w].get(s, np.nan) for s in seeds] for w in widths])
    drawn = [slope_of(widths, np.nanmedian(table[:, rng.integers(0, len(seeds), len(seeds))], axis=1))
             for _ in range(1000)]
    return slope, float(np.std(drawn))


def width_sweep(seed, runs, keep):
    name = os.path.join(keep, f"{seed}.json")
    if not os.path.exists(name):
        command = [os.environ.get("HT_BINARY", "./heavytail"), "bench", "width", "--seeds", str(seed), "--json"]
        done = subprocess.run(command + (["--runs", str(runs)] if runs else []), check=True, capture_output=True)
        with open(name + ".part", "wb") as file:
            file.write(done.stdout)
        os.rename(name + ".part", name)
    with open(name) as file:
        return json.load(file)["width"][0]


def print_truth(ratios):
    print("| n | seeds | κ: median (quartiles) |\n|---|---|---|")
    for width in sorted(ratios):
        values = list(ratios[width].values())
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        print(f"| {width} | {len(values)} | {middle:.3f} ({low:.3f}, {high:.3f}) |")


def judge(rows, ratios):
    """Prints what each sentence says; returns how many of their intervals hold, and how many signs are wrong."""
    rng, known, holds, wrong = np.random.default_rng(1), {}, 0, 0
    print("\ntrain.seed  runs  κ a decade, 95 %   n up to  truth            holds  sentence")
    for row in rows:
        if row["slope"] is None:
            holds += 1  # it says that it does not know
            print(f"{row['seed']:10} {row['runs']:5}  no line")
            continue
        widths = [w for w in sorted(ratios) if w <= row["widest"]]
        if row["widest"] not in known:
            known[row["widest"]] = truth_of(ratios, widths, rng)
        truth, error = known[row["widest"]]
        held = abs(row["slope"] - truth) <= row["half"]
        decided = abs(row["slope"]) > row["half"]
        against = decided and row["slope"] * truth < 0
        holds, wrong = holds + held, wrong + against
        word = "WRONG SIGN" if against else ("rises" if row["slope"] > 0 else "falls") if decided else "not decided"
        print(f"{row['seed']:10} {row['runs']:5}  {row['slope']:+.3f} ± {row['half']:.3f} {row['widest']:12}  "
              f"{truth:+.4f} ± {error:.4f}  {'yes' if held else 'NO':5}  {word}")
    return holds, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("truth")
    parser.add_argument("--seeds", default="1..20")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--keep", default="runs/width")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(".."))
    os.makedirs(options.keep, exist_ok=True)
    ratios = read_truth(options.truth)
    rows = [width_sweep(seed, options.runs, options.keep) for seed in range(first, last + 1)]
    print_truth(ratios)
    holds, wrong = judge(rows, ratios)
    print(f"\n{holds} of {len(rows)} intervals hold the truth; {wrong} sentences have the wrong sign")
    return wrong > 0 or holds < 0.9 * len(rows)


if __name__ == "__main__":
    sys.exit(main())
