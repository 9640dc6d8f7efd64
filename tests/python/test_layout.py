"""The structures of the package are the compiler's, and every function is in the library."""
import ctypes
import os
import unittest

from heavytail import _library

CLASSES = {"ht_error": _library.CError, "ht_values": _library.Values, "ht_draws": _library.Draws,
           "ht_noise_layer": _library.NoiseLayer, "ht_estimate": _library.Estimate,
           "ht_estimator_info": _library.EstimatorInfo, "ht_tail_options": _library.TailOptions,
           "ht_tail_picture": _library.picture_of(_library.library.ht_estimators(), _library.library.ht_row_estimators()),
           "ht_tail_ccdf": _library.Ccdf,
           "ht_network_words": _library.NetworkWords, "ht_samples": _library.Samples, "ht_prune_info": _library.PruneInfo,
           "ht_prune_spec": _library.PruneSpec, "ht_prune_layer": _library.PruneLayer, "ht_score": _library.Score,
           "ht_prune_result": _library.PruneResult, "ht_prune_point": _library.PrunePoint,
           "ht_prune_curve": _library.PruneCurve, "ht_shape": _library.Shape, "ht_network": _library.Network}


class Layout(unittest.TestCase):
    def test_sizes_and_offsets_are_the_compilers(self):
        compiled = dict(word.split("=") for word in os.environ["HT_LAYOUT"].split())
        self.assertEqual({name for name in compiled if "." not in name}, set(CLASSES))
        for name, offset in compiled.items():
            kind, _, field = name.partition(".")
            if field:
                self.assertEqual(getattr(CLASSES[kind], field).offset, int(offset), name)
            elif kind != "ht_network":  # of which the package has the beginning
                self.assertEqual(ctypes.sizeof(CLASSES[kind]), int(offset), name)
        for kind, described in CLASSES.items():
            last = described._fields_[-1][0]
            self.assertIn(f"{kind}.{last}", compiled)

    def test_the_version_is_the_librarys(self):
        import heavytail
        self.assertEqual(heavytail.__version__, os.environ["HT_VERSION"])


if __name__ == "__main__":
    unittest.main()
