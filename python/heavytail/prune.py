"""Pruning curves of anybody's network: error and accuracy against the fraction that is removed."""
from __future__ import annotations

import math
import os
import tempfile
from ctypes import byref, c_char_p, create_string_buffer
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from heavytail import _arrays, _library, files
from heavytail._library import Error, NetworkWords, PruneResult, PruneSpec, Samples, Shape, UsageError, call, library

_POINTS = 41  # of a curve without samples


class PruneCurve(NamedTuple):
    """What is left when a fraction of the units is removed. Arrays are by rising ratio, from nothing to everything."""
    method: str
    unit: str              # what is removed: "neurons", "filters", "units", "weights", "singular values"
    units: int             # how many there are
    kappa: float           # κ: the largest ratio whose error is at or below the one asked for
    layers: List[Dict[str, Any]]  # of κ: {"unit", "units", "removed", "error"} of each layer
    kappa_accuracy: float  # accuracy there; NaN without samples
    ratio: np.ndarray      # removed / units
    error: np.ndarray      # relative error ε
    accuracy: np.ndarray   # NaN without samples
    loss: np.ndarray       # mean cross-entropy, natural logarithm; NaN where it was not computed
    parameters: np.ndarray  # weights that are left, as a fraction
    notes: List[str]       # what was left out or guessed of the network


def _settings(layers: Optional[str], activation: str) -> Any:
    words = ["model.activation", activation] + (["model.layers", layers] if layers else [])
    return (c_char_p * (len(words) + 1))(*[w.encode() for w in words], None)


def _read(path: str, words: NetworkWords) -> Tuple[Any, List[str]]:
    notes = create_string_buffer(1 << 14)
    net = call("ht_network_read", os.fsencode(path), byref(words), notes, len(notes))
    return net, notes.value.decode("utf-8", "replace").split("\n")


def _network(model: Any, words: NetworkWords) -> Tuple[Any, List[str]]:
    """The file's network; of a model in memory by way of a file, so that one reader knows what belongs where."""
    if isinstance(model, (str, os.PathLike)):
        net, notes = _read(os.fspath(model), words)
    else:
        weights = {name: x for name, x in files.named_weights(model).items() if str(getattr(x, "dtype", "")) != "object"}
        folder = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="heavytail-", dir=folder) as place:
            path = os.path.join(place, "model.safetensors")
            files.write_safetensors(path, weights)
            try:
                net, notes = _read(path, words)
            except Error as problem:  # in the words of who has no file and no command line
                text = str(problem).replace(path, "prune_curve: the model").replace("--layers", "layers=")
                raise type(problem)(text.replace("--order", "order=")) from None
            notes = [note.replace(path + ": ", "") for note in notes]
    return net, [note for note in notes if note]


def _input(x: Any, input: Optional[Sequence[int]]) -> Shape:
    """(channels, height, width) of a sample; (0, 0, 0): not known."""
    sides = tuple(input) if input is not None else tuple(np.shape(x))[1:] if x is not None else ()
    if len(sides) > 3:
        raise UsageError(f"prune_curve: samples of shape {sides}: (inputs,), (height, width) or (channels, height, width)")
    if len(sides) == 2:
        sides = (1,) + sides
    return Shape(*(sides + (1,) * (3 - len(sides)))) if sides else Shape(0, 0, 0)


def _samples(x: Any, y: Any, inputs: int, classes: int) -> Tuple[Samples, Any]:
    memory = _arrays.read(x, "prune_curve: x")
    owner = np.ascontiguousarray(memory.owner, np.float32)
    labels = np.asarray(y)
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise UsageError(f"prune_curve: y: an array of {labels.dtype} with {labels.ndim} dimensions; labels are whole "
                         "numbers in one dimension")
    count = owner.shape[0] if owner.ndim > 1 else 0
    if count == 0 or owner.size // count != inputs:
        raise UsageError(f"prune_curve: x of shape {owner.shape}; samples are (count, …) of {inputs} values")
    if len(labels) != count:
        raise UsageError(f"prune_curve: {count} samples and {len(labels)} labels")
    if labels.min() < 0 or labels.max() >= classes:
        raise UsageError(f"prune_curve: labels from {labels.min()} to {labels.max()}; the classes are 0 to {classes - 1}")
    if not np.isfinite(owner).all():
        bad = int(np.argmin(np.isfinite(owner).reshape(count, -1).all(1)))
        raise UsageError(f"prune_curve: x: sample {bad} holds a value that is not a finite number")
    labels = np.ascontiguousarray(labels, np.int32)
    return Samples(count, owner.ctypes.data, labels.ctypes.data), (owner, labels)


def _try(net: Any, samples: Any, spec: PruneSpec) -> PruneResult:
    result = PruneResult()
    call("ht_prune_try", byref(result), net, None, samples, byref(spec), None, None)
    return result


def _points(net: Any, samples: Any, spec: PruneSpec) -> List[Tuple[float, ...]]:
    """(ratio, error, accuracy, loss, parameters) by rising ratio."""
    if samples is not None:
        curve = _library.PruneCurve()
        call("ht_prune_curve_make", byref(curve), net, samples, byref(spec), None)
        try:
            return [(p.ratio, p.error, p.accuracy, p.loss, p.weights) for p in curve.points[:curve.count]]
        finally:
            library.ht_prune_curve_free(byref(curve))
    points, at = [], PruneSpec.from_buffer_copy(spec)
    for ratio in np.linspace(0, 1, _POINTS):
        at.ratio = ratio
        r = _try(net, None, at)
        points.append((r.ratio, r.error, math.nan, math.nan, r.parameters_left / r.parameters))
    return points


def prune_curve(model: Any, x: Any = None, y: Any = None, *, layers: Optional[str] = None, activation: str = "relu",
                input: Optional[Sequence[int]] = None, classes: int = 0, order: Optional[str] = None,
                method: str = "node", error: float = 0.1, metric: str = "fro_squared", scope: str = "layer",
                seed: int = 1) -> PruneCurve:
    """κ and the pruning curve of a network, as `heavytail prune` finds them. The model is not changed.

    model: a module, a state_dict, a mapping of names to arrays (out, in) or (filters, channels, height, width), a list
        [W1, …, W_out]; or the path of a .safetensors file or a run directory.
    x, y: samples (count, inputs) or (count, channels, height, width), and labels (count,), whole numbers; without them
        there is no accuracy, and the curve has 41 ratios.
    layers: what stands before the output, in the words of model.layers ("conv 20 5x5, pool 2, dense 500"); needed
        where there are convolutions and their shapes do not tell. activation: of dense layers and convolutions.
    input: of a sample (channels, height, width), where x does not say it. order: "a,b,c", names of the matrices first
        to last, where names and shapes do not tell.
    method: "node" (neurons and filters by their norms), "magnitude", "magnitude-layer", "svd", "coreset" (needs x, y),
        "random". error, metric: where κ is read off: relative error of the squared Frobenius norm ("fro_squared", arXiv
        2306.08125) or of the norm ("fro"). scope: layers each by itself ("layer") or ranked together ("global").
    Exact at every neuron for one hidden dense layer with samples; else at a grid. Everything is copied once.
    """
    if (x is None) != (y is None):
        raise UsageError("prune_curve: give x and y, or neither")
    spec = PruneSpec(_library.choice("prune.method", method), _library.choice("prune.metric", metric), error, math.nan,
                     _library.choice("prune.scope", scope), 0, False, 2, seed)
    if not 0 <= error <= 1:
        raise UsageError(f"prune_curve: error {error}: a number from 0 to 1")
    if library.ht_prune_at(spec.method).contents.calibrated and x is None:
        raise UsageError(f"prune_curve: method {method} looks at samples: give x and y")
    net, notes = _network(model, NetworkWords(_settings(layers, activation), order.encode() if order else None,
                                              _input(x, input), classes))
    try:
        samples, owners = _samples(x, y, net.contents.inputs, net.contents.classes) if x is not None else (None, None)
        if samples is not None:
            spec.calibration, spec.calibration_limit = _library.pointer(samples), 64
        at = _try(net, byref(samples) if samples is not None else None, spec)
        points = np.array(_points(net, byref(samples) if samples is not None else None, spec)).T
        return PruneCurve(method, at.unit.decode(), at.units, at.ratio, _layers(at),
                          at.test.accuracy if samples is not None else math.nan, *points, notes)
    finally:
        library.ht_network_free(net)


def _layers(result: PruneResult) -> List[Dict[str, Any]]:
    return [{"unit": layer.unit.decode(), "units": layer.units, "removed": layer.removed, "error": layer.error}
            for layer in result.layers[:result.layer_count]]
