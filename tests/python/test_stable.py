"""stable and add_noise_: the C trainer's numbers, their law, whose memory they go to."""
import csv
import math
import os
import subprocess
import tempfile
import unittest

import numpy as np

import heavytail as ht

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden")
PROGRAM = os.environ["HT_BINARY"]


def run(*words):
    return subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True)


class Stable(unittest.TestCase):
    def test_the_numbers_are_those_of_the_program(self):
        for kind in ("shared", "iid", "isotropic"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "x.npy")
                run("noise", "--type", kind, "--alpha", "1.4", "--shape", "70x600", "--seed", "9", "--step", "5",
                    "--layer", "3", "--out", path)
                wanted = np.load(path)
            self.assertTrue(np.array_equal(ht.stable(1.4, (70, 600), 9, 5, 3, kind), wanted))
            wide = ht.stable(1.4, (70, 600), 9, 5, 3, kind, dtype=np.float64)
            self.assertTrue(np.array_equal(wide, wanted.astype(np.float64)))

    def test_the_law_is_the_golden_one(self):
        """Kolmogorov's distance at the table's points, as tests/unit/test_noise.c has it."""
        count = 10 ** 6
        with open(os.path.join(GOLDEN, "stable_cdf.csv"), encoding="utf-8") as file:
            rows = [(float(r["alpha"]), float(r["x"]), float(r["cdf_inversion"])) for r in csv.DictReader(file)]
        for alpha in (1.0, 1.5, 1.9, 2.0):
            x = np.array([r[1] for r in rows if abs(r[0] - alpha) < 1e-9])
            below = np.array([2 * r[2] - 1 for r in rows if abs(r[0] - alpha) < 1e-9])
            self.assertGreater(len(x), 20)
            for kind, shape, dtype in (("iid", count, np.float64), ("iid", count, np.float32),
                                       ("shared", (count, 1), np.float32), ("isotropic", (count // 64, 64), np.float64)):
                draws = np.abs(ht.stable(alpha, shape, 7, 0, 0, kind, dtype=dtype)[..., :1] if kind == "isotropic" else
                               ht.stable(alpha, shape, 7, 0, 0, kind, dtype=dtype)).ravel()
                factor = math.sqrt(2) if kind == "isotropic" else 1
                found = np.searchsorted(np.sort(draws), x / factor, side="right") / len(draws)
                self.assertLess(np.abs(found - below).max(), 1.95 / math.sqrt(len(draws)), (alpha, kind))

    def test_out_is_filled_where_it_lies(self):
        big = np.full((5, 7), 3.0, np.float32)
        self.assertIs(ht.stable(1.5, (3, 7), out=big[1:4]).base, big)
        self.assertTrue((big[[0, 4]] == 3).all() and (big[1:4] != 3).all())
        for wrong in (np.zeros((4, 6))[:, ::2], np.zeros(3, np.int64), np.zeros(3, ">f8"), [0.0]):
            with self.assertRaises(ht.UsageError):
                ht.stable(1.5, out=wrong)
        frozen = np.zeros(3)
        frozen.flags.writeable = False
        with self.assertRaisesRegex(ValueError, "read-only"):
            ht.stable(1.5, out=frozen)

    def test_what_cannot_be_is_said(self):
        for words, wanted in (((0.2, 3), "0.3 to 2"), ((math.nan, 3), "0.3 to 2"), ((1.5, 3, -1), "seed"),
                              ((1.5, 3, 1, 1 << 48), "step"), ((1.5, 3, 1, 0, 256), "layer"),
                              ((1.5, 3, 1, 0, 0, "levy"), "one of"), ((1.5, 3, 1, 0, 0, "none"), "shared, iid")):
            with self.assertRaisesRegex(ht.UsageError, wanted):
                ht.stable(*words)
        with self.assertRaisesRegex(ht.UsageError, "shape"):
            ht.stable(1.5)
        with self.assertRaisesRegex(ht.UsageError, "sigma"):
            ht.add_noise_(np.zeros(3), 1.5, -1, 0.1)

    def test_noise_is_added_as_training_does(self):
        for kind in ("shared", "iid", "isotropic"):
            start = np.random.default_rng(1).normal(size=(33, 700))
            single, double = start.astype(np.float32), start.copy()
            x = ht.stable(1.3, start.shape, 4, 8, 2, kind)
            factor = 0.05 * 0.1 ** (1 / 1.3)
            self.assertIs(ht.add_noise_(single, 1.3, 0.05, 0.1, kind, 4, 8, 2), single)
            ht.add_noise_(double, 1.3, 0.05, 0.1, kind, 4, 8, 2)
            if kind != "isotropic":  # there the factor is rounded with √A first
                self.assertTrue(np.array_equal(single, start.astype(np.float32) + np.float32(factor) * x))
            np.testing.assert_allclose(single, start + factor * x, rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(double, start + factor * x.astype(np.float64), rtol=1e-14)

    def test_kernels_have_draws_of_their_own(self):
        filters, kernels = (ht.stable(1.5, (4, 3, 5, 5), 1, 0, 0, "shared", unit=u) for u in ("filter", "kernel"))
        self.assertEqual(len(np.unique(filters)), 4)
        self.assertEqual(len(np.unique(kernels)), 12)
        self.assertTrue(np.array_equal(kernels.reshape(12, 25), ht.stable(1.5, (12, 25), 1, 0, 0, "shared")))

    def test_the_ratio_of_pure_noise_is_the_golden_limit(self):
        with open(os.path.join(GOLDEN, "pure_noise_limit.csv"), encoding="utf-8") as file:
            rows = [r for r in csv.DictReader(file) if r["n"] == "100"][:4]
        for row in rows:
            found = ht.pure_noise_ratio(float(row["alpha"]), 100, int(row["d"]), row["type"], count=400)
            self.assertAlmostEqual(found.median, float(row["median"]), delta=0.025)
            self.assertTrue(found.low <= found.median <= found.high and found.ratios.shape == (400,))
        with self.assertRaises(ht.UsageError):
            ht.pure_noise_ratio(1.5, 0, 10)
        with self.assertRaises(ht.UsageError):
            ht.pure_noise_ratio(1.5, 10, 10, count=0)


if __name__ == "__main__":
    unittest.main()
