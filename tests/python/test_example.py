"""docs/examples/mnist_noise.py, a tiny training: κ and α̂ that it finds are those of the program on its files."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np

try:
    import torch
except ImportError:
    raise unittest.SkipTest("no PyTorch (python3-torch)")

import heavytail as ht

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(TOP, "docs", "examples", "mnist_noise.py")
PROGRAM = os.environ["HT_BINARY"]


def write_idx(path, array):
    with open(path, "wb") as file:
        file.write(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())


def make_digits(folder):
    """Ten pictures in noise, under MNIST's names."""
    generator = np.random.default_rng(3)
    shapes = generator.integers(0, 256, (10, 28, 28))
    for part, count in (("train", 300), ("t10k", 100)):
        y = generator.integers(0, 10, count)
        x = np.clip(shapes[y] + generator.normal(0, 40, (count, 28, 28)), 0, 255)
        write_idx(os.path.join(folder, f"{part}-images-idx3-ubyte"), x.astype(np.uint8))
        write_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte"), y.astype(np.uint8))
    return (x.astype(np.uint8)[:, None].astype(np.float32) / 255 - 0.1307) / 0.3081, y


def say(*words):
    return json.loads(subprocess.run([PROGRAM, *words, "--json"], check=True, capture_output=True, text=True).stdout)


class Example(unittest.TestCase):
    def test_its_figures_are_those_of_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            x, y = make_digits(folder)
            run, files = os.path.join(folder, "run"), [os.path.join(folder, n) for n in ("x.npy", "y.npy")]
            np.save(files[0], x)
            np.save(files[1], y)
            subprocess.run([sys.executable, EXAMPLE, "--data", folder, "--run", run, "--steps", "60", "--every", "20",
                            "--batch", "30", "--lr", "0.1", "--sigma", "0.002"], check=True, capture_output=True)
            found = {name: values[-1] for name, values in ht.open_run(run).metrics.items()}
            self.assertEqual(ht.open_run(run).step, 60)
            np.testing.assert_array_equal(ht.open_run(run).metrics["step"], [20, 40, 60])
            self.assertGreater(found["test_accuracy"], 0.5)
            told = {t["name"]: next(e["value"] for e in t["estimates"] if e["estimator"] == "mmo")
                    for t in say("tail", run)["tensors"] if t["view"] == "all"}
            self.assertEqual({"alpha " + name for name in told}, {name for name in found if name.startswith("alpha ")})
            for name, alpha in told.items():
                self.assertAlmostEqual(found["alpha " + name], alpha, delta=1e-10 * alpha, msg=name)
            layers = next(line for line in open_lines(EXAMPLE) if line.startswith("LAYERS")).split('"')[1]
            pruned = say("prune", run, "--x", files[0], "--y", files[1], "--layers", layers)
            self.assertAlmostEqual(found["kappa"], pruned["ratio"], places=11)
            self.assertGreater(pruned["ratio"], 0.02)


MNIST = os.path.join(os.environ.get("HT_DATA", ""), "mnist")


@unittest.skipUnless(os.path.isdir(MNIST), "no MNIST ($HEAVYTAIL_DATA/mnist)")
class OnMnist(unittest.TestCase):
    """The issue as it is told: trained on MNIST while it is watched, and three programs find the same numbers."""

    def test_watched_tail_and_prune_agree_on_the_final_file(self):
        layers = next(line for line in open_lines(EXAMPLE) if line.startswith("LAYERS")).split('"')[1]
        with tempfile.TemporaryDirectory() as folder:
            run, looks = os.path.join(folder, "run"), os.path.join(folder, "looks")
            data = {**os.environ, "HEAVYTAIL_DATA": os.path.dirname(MNIST)}
            with open(looks, "w", encoding="utf-8") as file:
                watcher = subprocess.Popen([PROGRAM, "watch", run, "--json", "--data", "mnist", "--layers", layers],
                                           stdout=file, env=data)
            try:
                subprocess.run([sys.executable, EXAMPLE, "--data", MNIST, "--run", run, "--steps", "120", "--every", "40",
                                "--limit", "6000"], check=True, capture_output=True)
                seen = wait_for_step(looks, 120)
            finally:
                watcher.terminate()
                watcher.wait()
            found = {name: values[-1] for name, values in ht.open_run(run).metrics.items()}
            self.assertGreater(found["test_accuracy"], 0.7)
            told = {t["name"]: next(e for e in t["estimates"] if e["estimator"] == "mmo")
                    for t in say("tail", run)["tensors"] if t["view"] == "all"}
            pruned = say("prune", run, "--data", "mnist", "--data-dir", os.path.dirname(MNIST), "--layers", layers)
            self.assertEqual({layer["name"] for layer in seen["layers"]}, set(told))
            for layer in seen["layers"]:
                alpha = told[layer["name"]]
                self.assertEqual(layer["tail"]["mmo"]["value"], alpha["value"])
                self.assertEqual(layer["tail"]["mmo"]["quality"], alpha["quality"])
                self.assertAlmostEqual(found["alpha " + layer["name"]], alpha["value"], delta=1e-10 * alpha["value"])
            self.assertEqual(seen["network"]["kappa"], pruned["ratio"])
            self.assertAlmostEqual(found["kappa"], pruned["ratio"], places=11)
            self.assertAlmostEqual(seen["network"]["accuracy"], pruned["whole"]["accuracy"], places=11)


def wait_for_step(path, step):
    for _ in range(600):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n") and json.loads(line)["step"] == step:
                    return json.loads(line)
        time.sleep(0.1)
    raise AssertionError(f"step {step} is not seen")


def open_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")


if __name__ == "__main__":
    unittest.main()
