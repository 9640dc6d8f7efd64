#!/usr/bin/python3
"""Random Forests and our networks on the same splits of the same tables.

    tools/table_sets.py DIR
    tests/bench/forest.py DIR                  # all sets that are there, and table-synth
    tests/bench/forest.py DIR --sets letter,iris --splits 10
    tests/bench/forest.py DIR --table          # the table, of what was measured so far

Needs Debian's python3-sklearn and python3-numpy, hence /usr/bin/python3, and
heavytail, built: $HT_BINARY, or ./heavytail at the top of the source tree.
Every (set, split, method) is a line of DIR/forest.jsonl; what is there is not
measured again. Nothing is asserted: the exit status is 1 only if something is
missing or fails.

Split k is data.draw_seed=k: a fifth of each class is the test part (for
table-synth, samples drawn anew). All methods get the numbers that `heavytail
data export` writes: words as inputs of 0 and 1, missing cells by median and
indicator, the rest standardized by the training part.

  forest  scikit-learn's RandomForestClassifier with its defaults (100 trees),
          random_state=k
  plain   presets/table.ini: 256-128, biases, Adam (0.001), batches of 32 (of 128
          the smallest sets would have one step an epoch), 50
          epochs; 0.1 of the training part held back, and of the epochs the one
          of the least loss there is taken
  occam   the same with occam.lambda0=0.3

The forest gets the whole training part, the networks train on nine tenths of
it. Log loss: probabilities are clipped to EPSILON .. 1 and sum to 1 again. The
networks' probabilities are computed here, from the weights in the run's
checkpoint, and their accuracy has to be the one that heavytail says.
"""
import argparse
import json
import math
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
EPOCHS, HOLDOUT, BATCH, LAMBDA0, SPLIT = 50, 0.1, 32, 0.3, 0.2
EPSILON = 1e-3
EPSILONS = (1e-2, 1e-3, 1e-6)  # what is kept in the file
METHODS = ("forest", "plain", "occam")
# Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 14: 2.145, 19: 2.093}


def binary():
    return os.environ.get("HT_BINARY", str(TOP / "heavytail"))


def heavytail(*words):
    done = subprocess.run([binary(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "HEAVYTAIL_THREADS": "1"}, check=False)
    if done.returncode != 0:
        sys.exit(f"forest.py: heavytail {' '.join(words)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def name_and_settings(directory, name, known, split):
    """What says heavytail which data to read, and how."""
    if name == "table-synth":
        return name, [f"--set=data.draw_seed={split}"]
    settings = [f"--set=data.draw_seed={split}", f"--set=data.split={SPLIT}", "--set=data.scale=standard", "--label=class"]
    if known[name]["categories"]:
        settings.append("--set=data.categories=" + ",".join(known[name]["categories"]))
    return f"csv:{directory / known[name]['file']}", settings


def arguments(settings):
    """--set=A as two words, since that is how heavytail takes them."""
    words = []
    for setting in settings:
        words += ["--data.label", setting[8:]] if setting.startswith("--label=") else ["--set", setting[6:]]
    return words


# ---- measures ------------------------------------------------------------------


def log_loss(numpy, probabilities, labels, epsilon):
    p = numpy.clip(probabilities, epsilon, 1)
    p = p / p.sum(axis=1, keepdims=True)
    return float(-numpy.log(p[numpy.arange(len(labels)), labels]).mean())


def scores(numpy, probabilities, labels):
    return {"accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "log_loss": {repr(e): log_loss(numpy, probabilities, labels, e) for e in EPSILONS}}


def measure_forest(numpy, arrays, split):
    from sklearn.ensemble import RandomForestClassifier
    x, y, x_test, y_test = arrays
    start = time.process_time()
    forest = RandomForestClassifier(random_state=split).fit(x, y)
    seconds = time.process_time() - start
    probabilities = numpy.zeros((len(x_test), int(max(y.max(), y_test.max())) + 1))
    probabilities[:, forest.classes_] = forest.predict_proba(x_test)
    trees = [tree.tree_ for tree in forest.estimators_]
    path = sum(tree.decision_path(x_test.astype(numpy.float32)).sum() / len(x_test) - 1 for tree in trees)
    return {**scores(numpy, probabilities, y_test), "size": int(sum(tree.node_count for tree in trees)),
            "per_sample": float(path), "seconds": seconds}


def read_best(numpy, path):
    """[(weights, biases)] of the best epoch, of a run's checkpoint."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + length])

    def tensor(name):
        first, last = head[name]["data_offsets"]
        return numpy.frombuffer(data[8 + length + first:8 + length + last], "<f4").reshape(head[name]["shape"])

    layers = []
    while f"layers.{len(layers)}.weight" in head:
        stem = f"layers.{len(layers)}"
        layers.append((tensor(f"{stem}.best").astype(numpy.float64), tensor(f"{stem}.bias.best").astype(numpy.float64)))
    return layers


def softmax(numpy, x, layers):
    for i, (weights, biases) in enumerate(layers):
        x = x @ weights.T + biases
        if i + 1 < len(layers):
            x = numpy.maximum(x, 0)
    x = numpy.exp(x - x.max(axis=1, keepdims=True))
    return x / x.sum(axis=1, keepdims=True)


def work(epochs, samples, weights):
    """Multiply-adds of the whole training on surviving weights: forward, back, gradient."""
    kept = [1.0] + [epoch["kept"] for epoch in epochs[:-1]]
    return 3.0 * samples * weights * sum(kept)


def measure_network(numpy, data, settings, arrays, method, scratch):
    x, _, x_test, y_test = arrays
    kept = len(x) - int(HOLDOUT * len(x))
    steps = EPOCHS * math.ceil(kept / min(BATCH, kept))
    run = scratch / method
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = json.loads(heavytail(
        "train", "--preset", str(TOP / "presets/table.ini"), "--data", data, *arguments(settings), "--set",
        f"occam.holdout={HOLDOUT}", "--set", f"train.batch={BATCH}", "--set",
        f"occam.lambda0={LAMBDA0 if method == 'occam' else 0}", "--set", f"train.eval_every={steps}", "--steps",
        str(steps), "--run", str(run), "--json", "--quiet"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    occam = said["methods"]["occam"]
    if len(occam["epochs"]) != EPOCHS:
        sys.exit(f"forest.py: {data}: {len(occam['epochs'])} epochs instead of {EPOCHS}")
    layers = read_best(numpy, run / "checkpoint.safetensors")
    found = scores(numpy, softmax(numpy, x_test.astype(numpy.float64), layers), y_test)
    claimed = occam["best"]["test"]["accuracy"]
    if abs(found["accuracy"] - claimed) > 1.5 / len(x_test):
        sys.exit(f"forest.py: {data}: accuracy {found['accuracy']} computed here, {claimed} by heavytail")
    size = int(sum((weights != 0).sum() for weights, _ in layers))
    return {**found, "size": size, "per_sample": float(size), "epoch": occam["best"]["epoch"],
            "work": work(occam["epochs"], kept, sum(weights.size for weights, _ in layers)),
            "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def measure(numpy, directory, name, known, split, methods):
    """A result for each method, of one split."""
    data, settings = name_and_settings(directory, name, known, split)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="forest-"))
    try:
        heavytail("data", "export", data, *arguments(settings), "--npy", str(scratch / "npy"))
        arrays = [numpy.load(scratch / "npy" / f"{stem}.npy") for stem in ("X_train", "y_train", "X_test", "y_test")]
        for method in methods:
            found = measure_forest(numpy, arrays, split) if method == "forest" else \
                measure_network(numpy, data, settings, arrays, method, scratch)
            yield {"set": name, "split": split, "method": method, "train": len(arrays[0]), "test": len(arrays[2]),
                   "inputs": arrays[0].shape[1], "classes": int(arrays[1].max()) + 1, **found}
    finally:
        shutil.rmtree(scratch)


# ---- the table -----------------------------------------------------------------


def read_results(path):
    results = {}
    if path.exists():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            results[row["set"], row["split"], row["method"]] = row
    return results


def value(row, key):
    return row["accuracy"] if key == "accuracy" else row["log_loss"][repr(EPSILON)]


def difference(rows, others, key, independent):
    """Mean of the paired differences, and half the width of its 95 % interval: the corrected resampled t of
    Nadeau and Bengio (2003), since the splits share their samples; the plain one where they do not."""
    d = [value(a, key) - value(b, key) for a, b in zip(rows, others)]
    count, mean = len(d), sum(d) / len(d)
    if count - 1 not in T95:
        return mean, math.nan
    variance = sum((x - mean) ** 2 for x in d) / (count - 1)
    share = 0 if independent else rows[0]["test"] / rows[0]["train"]
    return mean, T95[count - 1] * math.sqrt((1 / count + share) * variance)


def mean_of(rows, key):
    return sum(row[key] for row in rows) / len(rows)


def show_difference(pair, digits):
    mean, half = pair
    text = f"{mean:+.{digits}f} ± {half:.{digits}f}"
    return f"**{text}**" if abs(mean) > half else text


def short(number):
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def sets_of(results, splits):
    names = []
    for name, _, _ in results:
        if name not in names and all((name, k, m) in results for k in range(1, splits + 1) for m in METHODS):
            names.append(name)
    return sorted(names, key=lambda name: results[name, 1, "forest"]["train"])


def print_table(results, splits):
    names = sets_of(results, splits)
    print("| set (training samples, inputs, classes) | accuracy: forest | network | Occam | network − forest | Occam − forest "
          "| log loss: forest | network | Occam | network − forest | Occam − forest |")
    print("|---|" + "---|" * 10)
    verdicts = {(m, key): [0, 0] for m in ("plain", "occam") for key in ("accuracy", "log_loss")}
    for name in names:
        rows = {m: [results[name, k, m] for k in range(1, splits + 1)] for m in METHODS}
        first = rows["forest"][0]
        line = [f"{name} ({first['train']}, {first['inputs']}, {first['classes']})"]
        for key in ("accuracy", "log_loss"):
            digits = 4 if mean_of(rows["forest"], "accuracy") > 0.995 else 3
            line += [f"{sum(value(r, key) for r in rows[m]) / splits:.{digits}f}" for m in METHODS]
            for m in ("plain", "occam"):
                pair = difference(rows[m], rows["forest"], key, name == "table-synth")
                line.append(show_difference(pair, digits))
                better = pair[0] > 0 if key == "accuracy" else pair[0] < 0
                if abs(pair[0]) > pair[1]:
                    verdicts[m, key][0 if better else 1] += 1
        print("| " + " | ".join(line) + " |")
    print()
    print("| set | forest: nodes | comparisons a sample | CPU s | network: weights | multiply-adds in training | CPU s "
          "| Occam: weights left | multiply-adds in training | CPU s |")
    print("|---|" + "---|" * 9)
    for name in names:
        rows = {m: [results[name, k, m] for k in range(1, splits + 1)] for m in METHODS}
        line = [name, short(mean_of(rows["forest"], "size")), short(mean_of(rows["forest"], "per_sample")),
                f"{mean_of(rows['forest'], 'seconds'):.2g}"]
        for m in ("plain", "occam"):
            line += [short(mean_of(rows[m], "size")), short(mean_of(rows[m], "work")), f"{mean_of(rows[m], 'seconds'):.2g}"]
        print("| " + " | ".join(line) + " |")
    print()
    for m, title in (("plain", "The network"), ("occam", "Occam's network")):
        a, l = verdicts[m, "accuracy"], verdicts[m, "log_loss"]
        print(f"{title}, of {len(names)} sets: accuracy better than the forest's on {a[0]}, worse on {a[1]}, not decided on "
              f"{len(names) - sum(a)}; log loss better on {l[0]}, worse on {l[1]}, not decided on {len(names) - sum(l)}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="what tools/table_sets.py wrote; the results go there, too")
    parser.add_argument("--sets", help="only these, with commas between")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--table", action="store_true", help="only print the table")
    given = parser.parse_args()
    directory = pathlib.Path(given.directory).resolve()
    path = directory / "forest.jsonl"
    results = read_results(path)
    if given.table:
        print_table(results, given.splits)
        return 0
    try:
        import numpy
        import sklearn  # noqa: F401
    except ImportError as why:
        print(f"forest.py: skipped: {why} (apt-get install python3-sklearn; run this with /usr/bin/python3)", file=sys.stderr)
        return 1
    if not (directory / "sets.json").exists():
        sys.exit(f"forest.py: {directory}: has no sets.json; tools/table_sets.py {directory} makes it")
    known = json.loads((directory / "sets.json").read_text())
    names = given.sets.split(",") if given.sets else sorted(known, key=lambda n: known[n]["rows"]) + ["table-synth"]
    for name in names:
        if name != "table-synth" and name not in known:
            sys.exit(f"forest.py: there is no set '{name}' in {directory}")
        for split in range(1, given.splits + 1):
            todo = [m for m in given.methods.split(",") if (name, split, m) not in results]
            for row in measure(numpy, directory, name, known, split, todo) if todo else ():
                results[name, split, row["method"]] = row
                with open(path, "a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(f"{name} {split} {row['method']}: accuracy {row['accuracy']:.4f}, log loss "
                      f"{value(row, 'log_loss'):.4f}, size {row['size']}, {row['seconds']:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
