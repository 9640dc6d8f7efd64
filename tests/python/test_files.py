"""Files: what log() leaves, what open_run() finds, what is damaged."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import heavytail as ht

PROGRAM = os.environ["HT_BINARY"]


class Files(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.run = os.path.join(self.place.name, "run")

    def test_what_is_logged_is_found(self):
        w = ht.stable(1.5, (20, 3, 5, 5), 1)
        ht.log(self.run, 0, {"conv.weight": w, "count": np.int64(3), "flag": np.array([True])}, keep=True, loss=2.0)
        ht.log(self.run, 10, {"conv.weight": w + 1}, keep=True, loss=np.float32(1.5), accuracy=0.25, bad=float("inf"))
        ht.log(self.run, 11, accuracy=0.5)
        found = ht.open_run(self.run)
        self.assertEqual(found.step, 10)
        self.assertTrue(np.array_equal(found.weights["conv.weight"], w + 1))
        np.testing.assert_array_equal(found.metrics["step"], [0, 10, 11])
        np.testing.assert_array_equal(found.metrics["loss"], [2, 1.5, np.nan])
        np.testing.assert_array_equal(found.metrics["accuracy"], [np.nan, 0.25, 0.5])
        self.assertTrue(np.isnan(found.metrics["bad"]).all())
        first, metadata = ht.read_safetensors(os.path.join(self.run, "step-00000000.safetensors"))
        self.assertTrue(np.array_equal(first["conv.weight"], w) and first["count"] == 3 and first["flag"].dtype == bool)
        self.assertEqual(metadata["step"], "0")
        self.assertEqual(sorted(os.listdir(self.run)), ["metrics.jsonl", "model.safetensors", "step-00000000.safetensors",
                                                        "step-00000010.safetensors"])

    def test_the_program_reads_what_is_logged(self):
        ht.log(self.run, 7, {"a.weight": ht.stable(1.5, (50, 20)), "b.weight": np.ones((3, 50), np.float16)})
        told = json.loads(subprocess.run([PROGRAM, "tail", self.run, "--json"], check=True, capture_output=True).stdout)
        self.assertEqual({t["name"] for t in told["tensors"]}, {"a.weight", "b.weight"})

    def test_a_run_of_the_program_is_opened(self):
        subprocess.run([PROGRAM, "train", "--preset", "ecg-demo", "--steps", "20", "--set", "model.width=30", "--run",
                        self.run], check=True, capture_output=True)
        found = ht.open_run(self.run)
        self.assertEqual((found.step, found.settings["model.width"], found.settings["data.name"]), (20, "30", "ecg-synth"))
        self.assertEqual(found.weights["layers.0.weight"].shape, (30, 140))
        self.assertEqual(found.metrics["step"][-1], 20)

    def test_a_kill_leaves_whole_files(self):
        script = ("import sys, numpy as np, heavytail as ht\n"
                  "for step in range(10 ** 6):\n"
                  "    ht.log(sys.argv[1], step, {'w': np.full((200, 200), step, np.float32)}, loss=step)\n"
                  "    print(step, flush=True)\n")
        for after in (1, 3, 8):
            with subprocess.Popen([sys.executable, "-c", script, self.run], stdout=subprocess.PIPE) as writer:
                for _ in range(after):
                    writer.stdout.readline()
                writer.send_signal(signal.SIGKILL)
            found = ht.open_run(self.run)
            self.assertTrue((found.weights["w"] == found.step).all())
            self.assertGreaterEqual(found.metrics["step"][-1], after - 1)

    def test_a_line_that_was_cut_spoils_no_other(self):
        ht.log(self.run, 1, loss=1.0)
        with open(os.path.join(self.run, "metrics.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"step": 2, "lo')
        np.testing.assert_array_equal(ht.open_run(self.run).metrics["step"], [1])
        ht.log(self.run, 3, loss=3.0)
        with self.assertRaisesRegex(ht.Error, "line 2"):
            ht.open_run(self.run)

    def test_what_cannot_be_logged_is_said(self):
        for step, model, metrics, wanted in ((-1, None, {}, "step"), (1.5, None, {}, "step"), (1, 3, {}, "a model"),
                                             (1, None, {"loss": [1]}, "loss"),
                                             (1, {"w": np.array(["a"])}, {}, "w: an array")):
            with self.assertRaisesRegex(ht.UsageError, wanted):
                ht.log(self.run, step, model, **metrics)
        self.assertFalse(os.path.exists(os.path.join(self.run, "model.safetensors")))

    def test_damaged_files_are_errors(self):
        ht.log(self.run, 1, {"w": np.ones((3, 4), np.float32)})
        path = os.path.join(self.run, "model.safetensors")
        with open(path, "rb") as file:
            whole = file.read()
        for damaged in (b"", whole[:7], whole[:40], whole[:-8], b"\xff" * 16, whole.replace(b"[3,4]", b"[3,5]"),
                        whole.replace(b'"F32"', b'"Q32"')):
            with open(path, "wb") as file:
                file.write(damaged)
            with self.assertRaisesRegex(ht.Error, "model.safetensors"):
                ht.read_safetensors(path)
        with self.assertRaisesRegex(ht.Error, "no run"):
            ht.open_run(self.place.name)
        with self.assertRaisesRegex(ht.Error, "no directory"):
            ht.open_run(path)


if __name__ == "__main__":
    unittest.main()
