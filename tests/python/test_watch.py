"""log() and `heavytail watch --json` together: each step that a training logs is found, with its numbers."""
import json
import os
import select
import subprocess
import tempfile
import time
import unittest

import numpy as np

import heavytail as ht

PROGRAM = os.environ["HT_BINARY"]
PATIENCE = 60  # seconds: only a failing test waits so long


class Watcher:
    """`heavytail watch --json`, and its lines as they come."""

    def __init__(self, *words):
        self.process = subprocess.Popen([PROGRAM, "watch", *words, "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.rest = b""

    def next(self):
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.rest and time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                more = os.read(self.process.stdout.fileno(), 1 << 16)
                if not more:
                    raise AssertionError("watch has ended: " + self.process.stderr.read().decode())
                self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


def weights(step):
    """Two layers and a bias: heavier tails from step to step."""
    return {"fc.weight": ht.stable(2 - step / 100, (60, 40), seed=1, step=step), "fc.bias": np.zeros(60),
            "out.weight": np.full((5, 60), 1.0 + step)}


class Watch(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.run = os.path.join(place.name, "run")

    def check(self, look, step):
        logged = weights(step)
        self.assertEqual((look["step"], look["step_from"], look["skipped"]), (step, "metadata", 1))
        self.assertEqual([layer["name"] for layer in look["layers"]], ["fc.weight", "out.weight"])
        for layer in look["layers"]:
            w = logged[layer["name"]]
            self.assertAlmostEqual(layer["norm"], np.linalg.norm(w), delta=1e-6 * np.linalg.norm(w))
            mmo = ht.tail_indices(w)["mmo"]
            told = layer["tail"].get("mmo", {"quality": "not applicable"})  # what has no index is left out
            self.assertEqual(told["quality"], mmo.quality)
            if "value" in told and told["value"] is not None:
                self.assertAlmostEqual(told["value"], mmo.value, delta=1e-10 * mmo.value)

    def test_each_step_is_found_as_it_comes(self):
        with Watcher(self.run) as watcher:  # before the directory is there
            for step in range(10, 60, 10):
                ht.log(self.run, step, weights(step), loss=1 / step)
                self.check(watcher.next(), step)

    def test_steps_that_are_kept_are_found_however_fast_they_come(self):
        os.mkdir(self.run)
        with Watcher(self.run) as watcher:
            ht.log(self.run, 1, weights(1), keep=True, loss=1)
            self.check(watcher.next(), 1)  # it watches
            steps = list(range(2, 22))
            for step in steps:
                ht.log(self.run, step, weights(step), keep=True, loss=1 / step)
            found = {}
            while set(found) != set(steps):
                look = watcher.next()
                found[look["step"]] = look
            for step in steps:
                self.check(found[step], step)

    def test_metrics_come_with_the_next_look(self):
        with Watcher(self.run) as watcher:
            ht.log(self.run, 1, weights(1), loss=0.5, grad_norm=3)
            self.check(watcher.next(), 1)
            time.sleep(0.5)
            ht.log(self.run, 2, weights(2))
            look = watcher.next()
            self.check(look, 2)
            self.assertEqual(look["metrics"], {"step": 1, "loss": 0.5, "grad_norm": 3})


if __name__ == "__main__":
    unittest.main()
