"""What `pip install .` and `make install` put there is found by Python, with its library, wherever it was moved."""
import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VARIANT = os.path.basename(os.path.dirname(os.environ["HT_BINARY"]))
CLEAN = {k: v for k, v in os.environ.items() if k not in ("HEAVYTAIL_LIBRARY", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def library_of(package):
    """The library that the package there loads, after it has drawn from it."""
    told = subprocess.run([sys.executable, "-c", "import heavytail; heavytail.stable(1.5, 3); "
                           "print(heavytail.__file__, heavytail._library.library._name)"],
                          env={**CLEAN, "PYTHONPATH": package}, check=True, capture_output=True, text=True, cwd="/")
    return [os.path.realpath(path) for path in told.stdout.split()]


class Installed(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = os.path.realpath(place.name)

    def test_pip_installs_without_a_net(self):
        if not importlib.util.find_spec("pip"):
            self.skipTest("no pip (python3-pip)")
        target = os.path.join(self.place, "packages")
        made = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", target,
                               os.path.join(TOP, "python")], env={**CLEAN, "VARIANT": VARIANT}, capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.assertTrue(glob.glob(os.path.join(target, "heavytail-*.dist-info", "RECORD")))
        self.assertEqual(library_of(target), [os.path.join(target, "heavytail", name)
                                              for name in ("__init__.py", "libheavytail.so.1")])

    def test_a_tree_that_was_moved_finds_its_library(self):
        subprocess.run(["make", "-s", "-C", TOP, "install", f"VARIANT={VARIANT}", f"DESTDIR={self.place}/root", "PREFIX=/usr",
                        "PYTHONDIR=/usr/lib/python3/dist-packages"], env=CLEAN, check=True, capture_output=True)
        shutil.move(os.path.join(self.place, "root", "usr"), os.path.join(self.place, "moved"))
        self.assertEqual(library_of(os.path.join(self.place, "moved/lib/python3/dist-packages")),
                         [os.path.join(self.place, "moved/lib", name) for name in
                          ("python3/dist-packages/heavytail/__init__.py", "libheavytail.so.1")])

    def test_a_library_that_is_missing_is_said(self):
        for name, wanted in (("/nowhere/libheavytail.so.1", "/nowhere/libheavytail.so.1 is not there"),
                             (sys.executable, "make install")):
            told = subprocess.run([sys.executable, "-c", "import heavytail"], env={**os.environ, "HEAVYTAIL_LIBRARY": name},
                                  capture_output=True, text=True)
            self.assertNotEqual(told.returncode, 0)
            self.assertIn(wanted, told.stderr)


if __name__ == "__main__":
    unittest.main()
