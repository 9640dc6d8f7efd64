"""Estimates of the tail index α of weights, with their errors and a word for how far to believe them."""
from __future__ import annotations

from ctypes import byref
from typing import Any, Dict, NamedTuple, Optional

from heavytail import _arrays, _library
from heavytail._library import TailOptions, UsageError, Values, call, library


class Estimate(NamedTuple):
    """One estimator's answer. What is not defined is NaN, or None for counts."""
    estimator: str       # "mmo", "hill", … as `heavytail tail` prints
    value: float         # the index
    std_error: float
    low: float           # 95 % interval
    high: float
    quality: str         # "good", "few points", "no plateau", …
    meaning: str         # of that word, a sentence
    reason: Optional[str]  # of the quality, where one is known
    undetermined: bool   # says nothing: the error is half of the value or more
    convention: str      # "stability index", "tail index" or "density exponent"
    k: Optional[int]     # order statistics used
    m: Optional[int]     # block length
    n_tail: int          # points the estimate rests on
    xmin: float          # where the fitted tail begins, in units of the values
    scale: float         # σ of the fitted stable law (mcculloch, ecf), in units of the values
    distance: float      # Kolmogorov-Smirnov distance (powerlaw)
    p: float             # how often a sample of the assumed law is as far off
    zeros: int           # exact zeros among the values
    citation: str


class TailIndices(Dict[str, Estimate]):
    """Estimates by estimator. `norms`: the same of the norms of the rows (not applicable to one row)."""
    norms: "Dict[str, Estimate]"

    def good(self) -> "Dict[str, Estimate]":
        """Those that are to be believed."""
        return {name: e for name, e in self.items() if e.quality == "good"}


def _estimate(e: "_library.Estimate") -> Estimate:
    info = library.ht_estimator_at(e.estimator).contents
    return Estimate(info.name.decode(), e.value, e.std_error, e.low, e.high, library.ht_quality_word(e.quality).decode(),
                    library.ht_quality_meaning(e.quality).decode(), e.reason.decode() if e.reason else None,
                    library.ht_estimate_undetermined(byref(e)), info.convention.decode(), e.k or None, e.m or None,
                    e.n_tail, e.xmin, e.scale, e.distance, e.p, e.zeros, info.citation.decode())


def tail_indices(array: Any, *, k: int = 0, m: int = 0, centred: bool = False, spectrum: bool = False) -> TailIndices:
    """All estimators of the tail index on an array or CPU tensor of weights, as `heavytail tail` has them.

    array: (rows, columns), a row a neuron; of more dimensions (filters, rest); or a vector. float32 and float64 are
        read where they lie, others are converted. Values that are not finite are an error that names the place.
    k: order statistics of hill and its like; 0: the largest that a Hill plot calls a plateau.
    m: block length of mmo and paulauskas; 0: mmo the median over several, paulauskas √count.
    centred: takes the medians of columns, then of all, away first, as arXiv 2106.03795 does and training's looks do.
    spectrum: also powerlaw, of the eigenvalues of WᵀW; takes an eigenvalue decomposition of the smaller side.
    Returns Estimates by name; `.norms` are those of the rows' Euclidean norms. "mmo-multi" and "mmo-paper" take rows as vectors.
    Indices are P(|X| > x) ~ x^-α, but powerlaw's, which is a density's. Each Estimate names its source.
    """
    memory = _arrays.read(array, "tail_indices")
    if len(memory.shape) < 2:
        rows, columns = _arrays.matrix(memory.shape)[1], 1
    else:
        rows, columns = _arrays.matrix(memory.shape)
    if rows * columns == 0:
        raise UsageError(f"tail_indices: an array of shape {tuple(memory.shape)} holds nothing")
    if min(k, m) < 0:
        raise UsageError("tail_indices: k and m are whole numbers from 1 up, or 0: found out")
    count = library.ht_estimators()
    of_rows = library.ht_row_estimators()
    picture = _library.picture_of(count, of_rows)()
    values = Values(memory.f32, memory.f64, rows, columns)
    call("ht_tail_picture_make", byref(picture), byref(values), byref(TailOptions(k, m, spectrum)), centred)
    found, norms = TailIndices(), {}
    for e in range(count):
        weights, norm = _estimate(picture.all[e]), _estimate(picture.of_norms[e])
        found[weights.estimator], norms[norm.estimator] = weights, norm
    for e in range(of_rows):
        by_rows = _estimate(picture.by_rows[e])
        found[by_rows.estimator] = by_rows
    found.norms = norms
    return found
