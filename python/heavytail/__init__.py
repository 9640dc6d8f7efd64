"""heavytail: α-stable noise for training, tail indices, pruning curves - libheavytail from Python.

Everything works on NumPy arrays and PyTorch CPU tensors where they lie. docs/python.md has a tour.

Noise      stable, add_noise_, HeavyTailed (an optimizer around one of PyTorch's)
Looking    tail_indices, prune_curve, pure_noise_ratio
Runs       log (what `heavytail watch` reads), open_run, read_safetensors, write_safetensors
Errors     Error; UsageError, which is a ValueError, for what was given
"""
from typing import Any

from heavytail._library import Error, UsageError, version as __version__
from heavytail.files import Run, log, open_run, read_safetensors, write_safetensors
from heavytail.noise import PureNoiseRatio, add_noise_, pure_noise_ratio, stable
from heavytail.prune import PruneCurve, prune_curve
from heavytail.tail import Estimate, TailIndices, tail_indices

__all__ = ["Error", "Estimate", "HeavyTailed", "PruneCurve", "PureNoiseRatio", "Run", "TailIndices", "UsageError",
           "add_noise_", "log", "open_run", "prune_curve", "pure_noise_ratio", "read_safetensors", "stable",
           "tail_indices", "write_safetensors"]


def __getattr__(name: str) -> Any:
    if name == "HeavyTailed":  # imports PyTorch, which takes a second and may not be there
        from heavytail.optimizer import HeavyTailed
        return HeavyTailed
    raise AttributeError(f"module 'heavytail' has no attribute {name!r}")
