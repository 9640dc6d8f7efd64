"""tail_indices and prune_curve: the very numbers of `heavytail tail` and `heavytail prune`."""
import json
import math
import os
import subprocess
import tempfile
import unittest

import numpy as np

import heavytail as ht

PROGRAM = os.environ["HT_BINARY"]


def say(*words):
    return json.loads(subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True).stdout)


class Looking(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.path = os.path.join(self.place.name, "model.safetensors")
        self.w = ht.stable(1.6, (300, 60), 3)
        self.out = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
        ht.write_safetensors(self.path, {"fc1.weight": self.w, "fc2.weight": self.out})

    def compare(self, found, told):
        self.assertEqual(found.estimator, told["estimator"])
        self.assertEqual((found.quality, found.convention, found.n_tail), (told["quality"], told["convention"], told["n_tail"]))
        for name in ("value", "std_error", "low", "high", "p", "xmin", "scale", "distance"):
            value = getattr(found, name)
            if told[name] is None:
                self.assertFalse(math.isfinite(value), name)
            else:
                self.assertAlmostEqual(value, told[name], delta=1e-10 * abs(told[name]), msg=name)

    def test_indices_are_those_of_the_program(self):
        found = ht.tail_indices(self.w, spectrum=True)
        views = [t for t in say("tail", self.path, "--tensor", "fc1.weight", "--json")["tensors"]]
        told = {e["estimator"]: e for view in views if view["view"] == "all" for e in view["estimates"]}
        norms = {e["estimator"]: e for view in views if view["view"] == "norms" for e in view["estimates"]}
        self.assertGreater(len(told), 8)
        told |= {e["estimator"]: e for view in views if view["view"] == "rows" for e in view["estimates"]}
        self.assertTrue({"mmo-multi", "mmo-paper"} <= set(told))
        for name, e in told.items():
            self.compare(found[name], e)
        for name, e in norms.items():
            self.compare(found.norms[name], e)
        self.assertIn("mmo", found.good())
        self.assertTrue(found["mmo"].low < 1.6 < found["mmo"].high)

    def test_any_array_is_taken(self):
        for other in (self.w.astype(np.float64), np.asfortranarray(self.w), self.w.tolist()):
            self.assertAlmostEqual(ht.tail_indices(other)["mmo"].value, ht.tail_indices(self.w)["mmo"].value, places=6)
        self.assertEqual(ht.tail_indices(self.w.reshape(300, 3, 20))["mmo-multi"].value,
                         ht.tail_indices(self.w)["mmo-multi"].value)
        self.assertEqual(ht.tail_indices(self.w.ravel())["mmo-multi"].quality, "not applicable")
        bad = self.w.copy()
        bad[2, 5] = np.nan
        with self.assertRaisesRegex(ht.Error, "finite"):
            ht.tail_indices(bad)
        for wrong in (np.zeros((0, 3)), np.array(["a"]), np.zeros(3, complex)):
            with self.assertRaises(ht.UsageError):
                ht.tail_indices(wrong)

    def test_curves_are_those_of_the_program(self):
        x = np.random.default_rng(1).normal(size=(200, 60)).astype(np.float32)
        y = np.maximum(x @ self.w.T, 0).dot(self.out.T).argmax(1)
        files = [os.path.join(self.place.name, n) for n in ("x.npy", "y.npy")]
        np.save(files[0], x)
        np.save(files[1], y)
        for method in ("node", "magnitude"):
            told = say("prune", self.path, "--x", files[0], "--y", files[1], "--method", method, "--curve", "--json")
            found = ht.prune_curve({"fc1.weight": self.w, "fc2.weight": self.out}, x, y, method=method)
            self.assertEqual((found.unit, found.units), (told["unit"], told["removed"] + told["kept"]))
            self.assertAlmostEqual(found.kappa, told["ratio"], places=12)
            ratios = [p["ratio"] for p in told["curve"]]
            np.testing.assert_allclose(found.ratio, ratios, atol=1e-9)
            np.testing.assert_allclose(found.accuracy, [p["accuracy"] for p in told["curve"]], atol=1e-9)
        with_more = {"a.weight": self.w, "momentum": np.zeros(3, np.float32), "b.weight": self.out}
        self.assertTrue(ht.prune_curve(with_more).notes[0].startswith("momentum (F32) is left out"))
        self.assertEqual(ht.prune_curve(self.path).kappa, ht.prune_curve([self.w, self.out]).kappa)

    def test_a_curve_without_samples_has_errors(self):
        found = ht.prune_curve([self.w, self.out], error=0.2)
        norms = np.sort((self.w.astype(np.float64) ** 2).sum(1))
        share = np.cumsum(norms) / norms.sum()
        self.assertEqual(found.kappa, (share <= 0.2).sum() / 300)
        removed = np.round(found.ratio * 300).astype(int)
        np.testing.assert_allclose(found.error, np.concatenate([[0], share])[removed], rtol=1e-9)
        self.assertTrue(np.isnan(found.accuracy).all() and math.isnan(found.kappa_accuracy))

    def test_what_does_not_fit_is_said(self):
        x, y = np.zeros((5, 60), np.float32), np.zeros(5, int)
        for model, more, wanted in (([self.w, self.out], {"x": x}, "x and y"), ([self.w, self.out], {"method": "coreset"}, "samples"),
                                    ([self.w, self.out], {"method": "guess"}, "one of"),
                                    ([self.w, self.out], {"x": x[:, 1:], "y": y}, "60"),
                                    ([self.w, self.out], {"x": x, "y": y + 4}, "0 to 3"),
                                    ([self.w, self.out], {"x": x, "y": y * 1.0}, "whole"),
                                    ([self.w, self.out], {"x": x + np.inf, "y": y}, "sample 0"), (3, {}, "a model is")):
            with self.assertRaisesRegex(ht.UsageError, wanted):
                ht.prune_curve(model, **more)
        with self.assertRaisesRegex(ht.Error, "^prune_curve: the model: .*layers=") as raised:
            ht.prune_curve({"a.weight": self.w, "gain": np.ones(300, np.float32), "b.weight": self.out})
        self.assertNotIn("heavytail-", str(raised.exception))
        with self.assertRaises(ht.Error):
            ht.prune_curve([self.w, self.out[:, 1:]])
        with self.assertRaises(ht.Error):
            ht.prune_curve(os.path.join(self.place.name, "nowhere.safetensors"))


if __name__ == "__main__":
    unittest.main()
