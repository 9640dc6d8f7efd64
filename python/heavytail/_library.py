"""Finds libheavytail, says its functions to ctypes, and makes its errors exceptions.

The structures here are those of include/heavytail; tests/python/test_layout.py compares them with the compiler's.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (POINTER, Structure, byref, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64,
                    c_void_p, pointer)
from typing import Any, List

ABI = 1  # of the Makefile: the number behind .so


class Error(Exception):
    """What went wrong, in one sentence with the place and what to do."""


class UsageError(Error, ValueError):
    """A value that was given is not one that can be used."""


class CError(Structure):
    _fields_ = [("code", c_int), ("text", c_char * 768)]


class Values(Structure):
    _fields_ = [("f32", c_void_p), ("f64", c_void_p), ("rows", c_size_t), ("columns", c_size_t), ("centre", c_double),
                ("column_centre", c_void_p), ("zeros_stay", c_bool), ("exponent", c_int)]


class Draws(Structure):
    _fields_ = [("seed", c_uint64), ("step", c_uint64), ("layer", c_int), ("first", c_size_t)]


class NoiseLayer(Structure):
    _fields_ = [("type", c_int), ("alpha", c_double), ("inputs", c_int), ("width", c_int), ("metric", c_int),
                ("error", c_double), ("seed", c_uint64)]


class Estimate(Structure):
    _fields_ = [("estimator", c_int), ("value", c_double), ("std_error", c_double), ("low", c_double),
                ("high", c_double), ("scale", c_double), ("xmin", c_double), ("distance", c_double), ("p", c_double),
                ("k", c_size_t), ("m", c_size_t), ("n_tail", c_size_t), ("zeros", c_size_t), ("step", c_double),
                ("rank", c_size_t), ("quality", c_int), ("reason", c_char_p)]


class EstimatorInfo(Structure):
    _fields_ = [("name", c_char_p), ("citation", c_char_p), ("formula", c_char_p), ("assumes", c_char_p),
                ("convention", c_char_p), ("error", c_char_p), ("input", c_int), ("stable", c_bool)]


class TailOptions(Structure):
    _fields_ = [("k", c_size_t), ("m", c_size_t), ("spectrum", c_bool)]


POINTS = 160  # HT_PICTURE_POINTS


class Ccdf(Structure):
    _fields_ = [("count", c_int), ("x", c_double * POINTS), ("above", c_double * POINTS)]


def picture_of(estimators: int, of_rows: int) -> type:
    """ht_tail_picture of a library with so many estimators, and so many that read rows."""
    class Picture(Structure):
        _fields_ = [("rows", c_size_t), ("columns", c_size_t), ("centred", c_bool), ("weights", Ccdf), ("norms", Ccdf),
                    ("eigenvalues", Ccdf), ("hill_count", c_int), ("hill_k", c_double * POINTS),
                    ("hill", c_double * POINTS), ("plateau_low", c_size_t), ("plateau_high", c_size_t),
                    ("all", Estimate * estimators), ("by_rows", Estimate * of_rows), ("of_norms", Estimate * estimators)]
    return Picture


class Shape(Structure):
    _fields_ = [("channels", c_int), ("height", c_int), ("width", c_int)]


class NetworkWords(Structure):
    _fields_ = [("settings", POINTER(c_char_p)), ("order", c_char_p), ("input", Shape), ("classes", c_int)]


class Network(Structure):  # its beginning
    _fields_ = [("input", Shape), ("inputs", c_int), ("classes", c_int)]


class Samples(Structure):
    _fields_ = [("count", c_size_t), ("x", c_void_p), ("labels", c_void_p)]


class PruneInfo(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("what", c_char_p), ("output_layer", c_bool),
                ("calibrated", c_bool), ("cost", c_int)]


class PruneSpec(Structure):
    _fields_ = [("method", c_int), ("metric", c_int), ("error", c_double), ("ratio", c_double), ("scope", c_int),
                ("side", c_int), ("centre", c_bool), ("coreset", c_int), ("seed", c_uint64), ("calibration", POINTER(Samples)),
                ("calibration_limit", c_int), ("brief", c_bool), ("cancelled", c_void_p), ("cancel_context", c_void_p)]


class PruneLayer(Structure):
    _fields_ = [("unit", c_char_p), ("units", c_int64), ("removed", c_int64), ("held", c_int64), ("error", c_double)]


class Score(Structure):
    _fields_ = [("loss", c_double), ("accuracy", c_double)]


class PruneResult(Structure):
    _fields_ = [("unit", c_char_p), ("units", c_int64), ("removed", c_int64), ("held", c_int64), ("ratio", c_double),
                ("error", c_double), ("layer_count", c_int), ("layers", PruneLayer * 64), ("parameters", c_size_t),
                ("parameters_left", c_size_t), ("bytes", c_size_t), ("bytes_left", c_size_t), ("train", Score),
                ("test", Score), ("multiply_adds", c_double), ("multiply_adds_left", c_double)]


class PrunePoint(Structure):
    _fields_ = [("removed", c_int64), ("ratio", c_double), ("error", c_double), ("accuracy", c_double),
                ("loss", c_double), ("weights", c_double), ("bytes", c_double), ("compute", c_double)]


class PruneCurve(Structure):
    _fields_ = [("method", c_int), ("metric", c_int), ("unit", c_char_p), ("exact", c_bool), ("count", c_int),
                ("points", POINTER(PrunePoint)), ("at", PrunePoint), ("units", c_int64)]


_E = POINTER(CError)
# name: (result, arguments); a result of c_int with a last argument of _E is an ht_code
_FUNCTIONS = {
    "ht_version": (c_char_p, []),
    "ht_law_new": (c_void_p, [c_int, c_double, _E]),
    "ht_law_free": (None, [c_void_p]),
    "ht_draws_fill": (c_int, [c_void_p, POINTER(Draws), c_size_t, c_size_t, c_void_p, c_void_p, _E]),
    "ht_draws_add": (c_int, [c_void_p, POINTER(Draws), c_double, c_double, c_size_t, c_size_t, c_void_p, c_void_p, _E]),
    "ht_noise_layer_ratios": (c_int, [POINTER(NoiseLayer), c_int, POINTER(c_double), _E]),
    "ht_estimator_at": (POINTER(EstimatorInfo), [c_int]),
    "ht_quality_word": (c_char_p, [c_int]),
    "ht_quality_meaning": (c_char_p, [c_int]),
    "ht_estimate_undetermined": (c_bool, [POINTER(Estimate)]),
    "ht_estimators": (c_int, []),
    "ht_row_estimators": (c_int, []),
    "ht_tail_picture_make": (c_int, [c_void_p, POINTER(Values), POINTER(TailOptions), c_bool, _E]),
    "ht_network_read": (POINTER(Network), [c_char_p, POINTER(NetworkWords), c_char_p, c_size_t, _E]),
    "ht_network_free": (None, [POINTER(Network)]),
    "ht_network_is_dense": (c_bool, [POINTER(Network)]),
    "ht_prune_at": (POINTER(PruneInfo), [c_int]),
    "ht_prune_try": (c_int, [POINTER(PruneResult), POINTER(Network), POINTER(Samples), POINTER(Samples),
                             POINTER(PruneSpec), c_void_p, c_void_p, _E]),
    "ht_prune_curve_make": (c_int, [POINTER(PruneCurve), POINTER(Network), POINTER(Samples), POINTER(PruneSpec),
                                    c_void_p, _E]),
    "ht_prune_curve_free": (None, [POINTER(PruneCurve)]),
    "ht_param_find": (c_bool, [c_char_p, POINTER(c_int)]),
    "ht_param_choices": (c_int, [c_int]),
    "ht_param_choice": (c_char_p, [c_int, c_int]),
}


def _places() -> List[str]:
    """Where the library may lie, the surest place first."""
    here, name = os.path.dirname(os.path.realpath(__file__)), f"libheavytail.so.{ABI}"
    asked = os.environ.get("HEAVYTAIL_LIBRARY")
    if asked:
        return [asked]
    places = [os.path.join(here, name)]  # pip
    try:
        from heavytail import _where  # make install
        places.append(os.path.normpath(os.path.join(here, _where.LIBRARY)))
    except ImportError:
        pass
    top = os.path.dirname(os.path.dirname(here))
    if os.path.exists(os.path.join(top, "Makefile")):  # the sources
        places.append(os.path.join(top, "build", "release", name))
    return places + [name]


def _load() -> ctypes.CDLL:
    tried = []
    for place in _places():
        if os.sep in place and not os.path.exists(place):
            tried.append(f"{place} is not there")
            continue
        try:
            return ctypes.CDLL(place)
        except OSError as problem:
            tried.append(str(problem))
    raise ImportError("heavytail: the shared library was not found: " + "; ".join(tried) +
                      ". Run `make install`, or `make shared` in the sources, or name it in HEAVYTAIL_LIBRARY")


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"heavytail: {library._name} has no {name}: it is of another version than this package; "
                              "install both from the same sources") from None
        function.restype, function.argtypes = result, arguments
    return library


library = _declare(_load())
version = library.ht_version().decode()


def _raise(error: CError) -> None:
    text = error.text.decode("utf-8", "replace")
    raise (UsageError if error.code == 2 else Error)(text)


def call(name: str, *arguments: Any) -> Any:
    """Calls a function that can fail, with its error as an exception. Other threads run meanwhile."""
    error = CError()
    result = getattr(library, name)(*arguments, byref(error))
    if _FUNCTIONS[name][0] is c_int:
        if result != 0:
            _raise(error)
    elif not result:
        _raise(error)
    return result


def choice(key: str, word: str) -> int:
    """The number of a word among the choices of a parameter of the table (src/params/params.def)."""
    number = c_int()
    if not library.ht_param_find(key.encode(), byref(number)):
        raise ImportError(f"heavytail: the library has no parameter {key}: it is of another version than this package")
    words = [library.ht_param_choice(number.value, i).decode() for i in range(library.ht_param_choices(number.value))]
    if word not in words:
        raise UsageError(f"{key} {word!r}: one of {', '.join(words)}")
    return words.index(word)
