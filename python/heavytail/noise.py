"""α-stable noise: the very numbers that a step of `heavytail train` adds."""
from __future__ import annotations

import functools
from ctypes import byref, c_double
from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from heavytail import _arrays, _library
from heavytail._library import Draws, NoiseLayer, UsageError, call, library


class _Law:
    """A table of draws of one type and α, freed with its last user."""

    def __init__(self, number: int, alpha: float) -> None:
        self.pointer = None
        self.pointer = call("ht_law_new", number, alpha)

    def __del__(self) -> None:
        if self.pointer and library is not None:
            library.ht_law_free(self.pointer)


@functools.lru_cache(maxsize=32)  # 10 ms and 20 kB each
def _law(type: str, alpha: float) -> _Law:
    return _Law(_library.choice("noise.type", type), alpha)


def _whole(name: str, value: Any, bits: int) -> int:
    if isinstance(value, bool) or int(value) != value or not 0 <= value < 1 << bits:
        raise UsageError(f"{name} {value!r}: give a whole number from 0 to 2^{bits} - 1")
    return int(value)


def _which(seed: int, step: int, layer: int) -> Draws:
    return Draws(_whole("seed", seed, 64), _whole("step", step, 48), _whole("layer", layer, 8), 0)


def _matrix(shape: Tuple[int, ...], unit: str) -> Tuple[int, int]:
    if unit == "filter":
        return _arrays.matrix(shape)
    if unit != "kernel":
        raise UsageError(f"unit {unit!r}: one of filter, kernel")
    if len(shape) < 3:
        return _arrays.matrix(shape)
    return _arrays.matrix((shape[0] * shape[1],) + tuple(shape[2:]))


def stable(alpha: float, shape: Union[int, Sequence[int], None] = None, seed: int = 1, step: int = 0, layer: int = 0,
           type: str = "iid", out: Any = None, *, dtype: Any = np.float32, unit: str = "filter") -> Any:
    """Draws of α-stable noise X, what training adds before the factor σ η^(1/α).

    alpha: stability index, 0.3 to 2; 2 is the normal law.
    shape: (neurons, inputs); of more dimensions the first counts neurons or filters, of one it is one neuron's weights.
    seed, step, layer: which draws. The same give the same bits, whatever the machine, the threads, or the dtype;
        others are independent. step counts from 0 as training does, layer is the number of the weight matrix.
    type: "iid", one draw a weight, and "shared", one a neuron, with E exp(iuX) = exp(-|u|^alpha); "isotropic",
        √A·G with one A a neuron, E exp(iuX) = exp(-|u/√2|^alpha). At alpha = 2: N(0, 2), N(0, 2), N(0, 1).
    out: a contiguous float32 or float64 array or CPU tensor to fill where it lies; else a new array of dtype.
    unit: "kernel" takes each (filter, channel) of a convolution for a neuron (noise.unit), "filter" a whole filter.
    Returns out, or the new array. A double holds a float: a draw is right to 3e-7 relative (5e-6 at alpha = 0.3).

    Sources: types I to III of arXiv 2306.08125; Zolotarev, One-dimensional Stable Distributions, 1986; Philox4x32-10
    of Salmon, Moraes, Dror, Shaw, SC 2011; `heavytail noise` writes the same numbers.
    """
    if out is None:
        if shape is None:
            raise UsageError("stable: give a shape, or out= to fill")
        out = np.empty(shape, dtype)
    memory = _arrays.written(out, "stable: out")
    if shape is not None and tuple(np.atleast_1d(shape)) != tuple(memory.shape):
        raise UsageError(f"stable: out has the shape {tuple(memory.shape)}, asked for is {shape}")
    law = _law(type, float(alpha))
    rows, columns = _matrix(memory.shape, unit)
    call("ht_draws_fill", law.pointer, byref(_which(seed, step, layer)), rows, columns, memory.f32, memory.f64)
    return out


def add_noise_(tensor: Any, alpha: float, sigma: float, lr: float, type: str = "iid", seed: int = 1, step: int = 0,
               layer: int = 0, *, unit: str = "filter") -> Any:
    """tensor += sigma · lr^(1/alpha) · X in place, X being stable(alpha, tensor.shape, seed, step, layer, type).

    What a step of `heavytail train` adds to weight matrix `layer` after its gradient: for float32 the same bits.
    tensor: contiguous float32 or float64, an array or a CPU tensor, (neurons, inputs) or (filters, channels, …).
    sigma: scale σ, in units of a weight at a step size of 1; lr: the step size η of this step.
    The other arguments are those of stable(). Autograd does not record it (it sees that the tensor has changed).
    Returns the tensor. Source: arXiv 2306.08125, eq. (3): W ← W - η ∇L + σ η^(1/α) X.
    """
    which = _which(seed, step, layer)
    law = _law(type, float(alpha))
    memory = _arrays.written(tensor, "add_noise_")
    rows, columns = _matrix(memory.shape, unit)
    call("ht_draws_add", law.pointer, byref(which), sigma, lr, rows, columns, memory.f32, memory.f64)
    return tensor


class PureNoiseRatio(NamedTuple):
    """κ of layers of nothing but noise: median and quartiles, and all of them in `ratios` (count,)."""
    median: float
    low: float
    high: float
    ratios: np.ndarray


def pure_noise_ratio(alpha: float, width: int, inputs: int, type: str = "iid", *, error: float = 0.1,
                     metric: str = "fro_squared", count: int = 100, seed: Optional[int] = None) -> PureNoiseRatio:
    """The pruning ratio κ of a layer (width, inputs) of nothing but noise, drawn `count` times.

    κ is the largest fraction of neurons, smallest norm first, whose removal keeps the relative error at or below
    `error`: of the squared Frobenius norm (metric "fro_squared"), or of the norm ("fro"). What a network whose noise
    outweighs its gradient tends to. For alpha < 2 it rises with the width; it is the same after any number of steps.
    seed: of the draws; by default one that no run has. Source: arXiv 2306.08125; `w` in the lab draws it, too.
    """
    ratios = np.empty(count if isinstance(count, int) and count > 0 else 0)
    layer = NoiseLayer(_library.choice("noise.type", type), alpha, inputs, width, _library.choice("prune.metric", metric),
                       error, 1 << 60 if seed is None else _whole("seed", seed, 64))
    call("ht_noise_layer_ratios", byref(layer), len(ratios), ratios.ctypes.data_as(_library.POINTER(c_double)))
    low, median, high = np.percentile(ratios, [25, 50, 75])
    return PureNoiseRatio(float(median), float(low), float(high), ratios)
