"""Files: weights as .safetensors, runs that somebody logs, runs of heavytail."""
from __future__ import annotations

import configparser
import csv
import json
import math
import os
import tempfile
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

import numpy as np

from heavytail import _arrays
from heavytail._library import Error, UsageError

_Path = Union[str, "os.PathLike[str]"]
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1",
          "BOOL": "?"}
_NAMES = {np.dtype(d): name for name, d in _TYPES.items()}
WEIGHTS, METRICS = "model.safetensors", "metrics.jsonl"


def named_weights(model: Any) -> Dict[str, Any]:
    """Name -> array or tensor of a module, a state_dict, any mapping, or a list (layers.0.weight, …)."""
    if hasattr(model, "state_dict"):
        model = model.state_dict()
    if isinstance(model, Mapping):
        return dict(model)
    if isinstance(model, (list, tuple)):
        return {f"layers.{i}.weight": w for i, w in enumerate(model)}
    raise UsageError(f"a model is a module, a state_dict, a mapping of names to arrays, or a list of matrices, not "
                     f"{type(model).__name__}")


def _numbers(name: str, x: Any) -> Tuple[str, np.ndarray]:
    """Its type in a file, and its numbers as they go there."""
    if _arrays.is_tensor(x):
        x = x.detach().cpu()
        if str(x.dtype) == "torch.bfloat16":
            bits = x.contiguous().view(_torch().int16)
            return "BF16", bits.numpy()
        x = x.numpy()
    array = np.asarray(x)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype not in _NAMES:
        raise UsageError(f"{name}: an array of {array.dtype} has no place in a .safetensors file")
    return _NAMES[array.dtype], array


def _torch() -> Any:
    import torch
    return torch


def _replace(path: str, parts: "List[Any]") -> None:
    """Writes the parts as one file: whole or not at all, also when the machine goes down."""
    folder = os.path.dirname(path) or "."
    handle, partial = tempfile.mkstemp(prefix="." + os.path.basename(path) + ".", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def write_safetensors(path: _Path, model: Any, metadata: Optional[Mapping[str, str]] = None) -> None:
    """Writes named arrays or tensors as one .safetensors file, replaced as a whole.

    model: a module, a state_dict, a mapping of names to arrays (any shapes), or a list of matrices. Float16,
    bfloat16, float32, float64, integers and booleans are written as they are. metadata: strings.
    """
    header: Dict[str, Any] = {"__metadata__": {"format": "pt", **(metadata or {})}}
    arrays, at = [], 0
    for name, x in named_weights(model).items():
        kind, array = _numbers(name, x)
        array = np.ascontiguousarray(array)
        header[name] = {"dtype": kind, "shape": list(np.shape(x)), "data_offsets": [at, at + array.nbytes]}
        arrays.append(array.data if array.nbytes else b"")
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    _replace(os.fspath(path), [len(text).to_bytes(8, "little"), text] + arrays)


def _header(path: str) -> Tuple[Dict[str, Any], int]:
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 2 <= size <= min(os.path.getsize(path) - 8, 100 << 20):
            raise Error(f"{path}: not a .safetensors file: its header would have {size} bytes")
        try:
            header = json.loads(file.read(size))
        except ValueError as problem:
            raise Error(f"{path}: not a .safetensors file: its header is no JSON ({problem})") from None
    if not isinstance(header, dict):
        raise Error(f"{path}: not a .safetensors file: its header is no JSON object")
    return header, 8 + size


def _tensor(path: str, raw: np.ndarray, name: str, entry: Any) -> np.ndarray:
    try:
        kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if kind == "BF16":
            bits = raw[start:end].view("<u2").astype(np.uint32) << 16
            return bits.view(np.float32).reshape(shape)
        return raw[start:end].view(_TYPES[kind]).reshape(shape)
    except KeyError as problem:
        raise Error(f"{path}: {name}: {problem} is missing, or a type that NumPy does not have") from None
    except (TypeError, ValueError) as problem:
        raise Error(f"{path}: {name}: shape, type and bytes contradict each other: {problem}") from None


def read_safetensors(path: _Path) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    """(arrays by name, metadata) of a .safetensors file; arrays are read from the disk as they are looked at.

    They are read-only. BF16 comes as float32, copied. Error: a file that is damaged, or another one.
    """
    path = os.fspath(path)
    header, start = _header(path)
    metadata = header.pop("__metadata__", {})
    size = os.path.getsize(path) - start
    raw = np.memmap(path, np.uint8, "r", start, (size,)) if size else np.empty(0, np.uint8)
    return {name: np.asarray(_tensor(path, raw, name, entry)) for name, entry in header.items()}, metadata


def _plain(name: str, value: Any) -> Any:
    """A metric as JSON has it: what is not finite is null."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, (str, bool)) or value is None:
        return value
    if not isinstance(value, (int, float)):
        raise UsageError(f"log: {name} is a {type(value).__name__}; metrics are numbers")
    return value if math.isfinite(value) else None


def log(dir: _Path, step: int, model: Any = None, *, keep: bool = False, **metrics: Any) -> None:
    """Writes down where a training is, for `heavytail watch`, `heavytail tail`, `heavytail prune` and open_run.

    dir: made when it is not there. step: how many steps were made, a whole number.
    model: a module, state_dict or mapping: DIR/model.safetensors, replaced as a whole, so that who reads it finds the
        state before or this one; its metadata say the step. None: metrics alone. keep: also as
        DIR/step-00000100.safetensors, one a step (a link to the same file where the disk can).
    metrics: numbers by name (tensors of one number too), a line {"step": …, "loss": …} of DIR/metrics.jsonl, written
        at once with its end and after the weights. What is not finite is null. A step that goes down begins anew.
    """
    if isinstance(step, bool) or int(step) != step or step < 0:
        raise UsageError(f"log: step {step!r}: a whole number from 0 up")
    folder = os.fspath(dir)
    row = {"step": int(step), **{name: _plain(name, value) for name, value in metrics.items()}}
    os.makedirs(folder, exist_ok=True)
    if model is not None:
        path = os.path.join(folder, WEIGHTS)
        write_safetensors(path, model, {"step": str(int(step))})
        if keep:
            _keep(path, os.path.join(folder, f"step-{int(step):08d}.safetensors"))
    if metrics:
        _append(os.path.join(folder, METRICS), json.dumps(row, allow_nan=False) + "\n")


def _keep(path: str, kept: str) -> None:
    if os.path.exists(kept):
        os.unlink(kept)
    try:
        os.link(path, kept)
    except OSError:  # no links there
        with open(path, "rb") as file:
            _replace(kept, [file.read()])


def _append(path: str, line: str) -> None:
    """One write of a whole line; a line that a crash has cut is ended first, so that it spoils no other."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = "\n" + line
        data = line.encode()
        written = os.write(handle, data)
        if written != len(data):
            os.ftruncate(handle, size)
            raise Error(f"{path}: the disk is full; the line was taken back")
    finally:
        os.close(handle)


class Run:
    """A run directory: of `heavytail train --run DIR` or the lab, or of log(). Looking changes nothing in it.

    path: the directory. step: of the weights, None when it is not said. settings: "section.key" -> text of
    preset.ini (of log(): empty). metrics: column -> float64 array (rows,), NaN where a row says nothing.
    """

    def __init__(self, dir: _Path) -> None:
        self.path = os.fspath(dir)
        if not os.path.isdir(self.path):
            raise Error(f"{self.path}: no directory; give that of a run")
        files = [name for name in ("checkpoint.safetensors", WEIGHTS) if os.path.exists(os.path.join(self.path, name))]
        if not files and not self._has(METRICS) and not self._has("metrics.csv"):
            raise Error(f"{self.path}: no run: neither checkpoint.safetensors nor {WEIGHTS}, metrics.csv or {METRICS}")
        self.file: Optional[str] = os.path.join(self.path, files[0]) if files else None
        self.settings = self._settings()
        self.metrics = self._metrics()

    def _has(self, name: str) -> bool:
        return os.path.exists(os.path.join(self.path, name))

    def _settings(self) -> Dict[str, str]:
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";", "#"))
        try:
            parser.read(os.path.join(self.path, "preset.ini"), encoding="utf-8")
        except configparser.Error as problem:
            raise Error(f"{self.path}/preset.ini: {problem}".replace("\n", " ")) from None
        return {f"{section}.{key}": value for section in parser.sections() for key, value in parser.items(section)}

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        if self._has("metrics.csv"):
            with open(os.path.join(self.path, "metrics.csv"), encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)
        elif self._has(METRICS):
            path = os.path.join(self.path, METRICS)
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    try:
                        yield json.loads(line)
                    except ValueError:
                        if line.endswith("\n") and line.strip():
                            raise Error(f"{path}: line {number} is no JSON; take it out") from None

    def _metrics(self) -> Dict[str, np.ndarray]:
        columns: Dict[str, List[float]] = {}
        count = 0
        for row in self._rows():
            if not isinstance(row, Mapping):
                continue
            for name, value in row.items():
                columns.setdefault(name, []).extend([math.nan] * (count - len(columns.get(name, []))))
                columns[name].append(_number(value))
            count += 1
        for values in columns.values():
            values.extend([math.nan] * (count - len(values)))
        return {name: np.array(values) for name, values in columns.items()}

    @property
    def weights(self) -> Dict[str, np.ndarray]:
        """Arrays of the last state by name, (outputs, inputs) or (filters, channels, height, width), read-only."""
        if not self.file:
            raise Error(f"{self.path}: the run has no weights")
        return read_safetensors(self.file)[0]

    @property
    def step(self) -> Optional[int]:
        metadata = _header(self.file)[0].get("__metadata__", {}) if self.file else {}
        text = metadata.get("step", metadata.get("heavytail.step"))
        return int(text) if text is not None else None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def open_run(dir: _Path) -> Run:
    """Opens a run directory, of heavytail or of log(): its settings, metrics and weights as they are now."""
    return Run(dir)
