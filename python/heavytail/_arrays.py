"""NumPy arrays and PyTorch tensors as memory of the library: borrowed, not copied."""
from __future__ import annotations

import sys
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from heavytail._library import UsageError


class Memory(NamedTuple):
    """Float or double numbers somebody else owns; `owner` keeps them alive."""
    f32: Optional[int]  # address; None where they are doubles
    f64: Optional[int]
    shape: Tuple[int, ...]
    owner: Any


def is_tensor(x: Any) -> bool:
    torch = sys.modules.get("torch")  # who has a tensor has imported it
    return torch is not None and isinstance(x, torch.Tensor)


def _of(address: int, single: bool, shape: Tuple[int, ...], owner: Any) -> Memory:
    return Memory(address if single else None, None if single else address, shape, owner)


def _tensor(x: Any, what: str) -> Memory:
    torch = sys.modules["torch"]
    if x.device.type != "cpu":
        raise UsageError(f"{what}: the tensor is on {x.device}; noise and estimates are computed on the CPU: give x.cpu()")
    if x.dtype not in (torch.float32, torch.float64):
        raise UsageError(f"{what}: the tensor is {x.dtype}; give float32 or float64, as with x.float()")
    if x.layout is not torch.strided or not x.is_contiguous():
        raise UsageError(f"{what}: the tensor is not contiguous; give x.contiguous()")
    return _of(x.data_ptr(), x.dtype is torch.float32, tuple(x.shape), x)


def written(x: Any, what: str) -> Memory:
    """An array or tensor that is to be changed where it lies. UsageError where that cannot be."""
    if is_tensor(x):
        memory = _tensor(x, what)
        with sys.modules["torch"].no_grad():  # autograd is to see that it has changed: the version rises
            x.detach().view(-1)[:0].zero_()
        return memory
    if not isinstance(x, np.ndarray):
        raise UsageError(f"{what}: give a NumPy array or a PyTorch tensor, not {type(x).__name__}")
    if x.dtype not in (np.float32, np.float64) or not x.dtype.isnative:
        raise UsageError(f"{what}: the array is {x.dtype}; give float32 or float64")
    if not x.flags.c_contiguous or not x.flags.writeable:
        raise UsageError(f"{what}: the array is not contiguous, or read-only; numbers are written where they lie")
    return _of(x.ctypes.data, x.dtype == np.float32, x.shape, x)


def read(x: Any, what: str) -> Memory:
    """Any array, tensor or list of numbers; copied only where it is not contiguous floats or doubles."""
    if is_tensor(x):
        x = x.detach()
        if x.device.type == "cpu" and str(x.dtype) in ("torch.bfloat16", "torch.float16"):
            x = x.float()
        return _tensor(x.contiguous(), what)
    array = np.asarray(x)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype not in (np.float32, np.float64):
        if array.dtype.kind not in "iuf":
            raise UsageError(f"{what}: an array of {array.dtype}; give real numbers")
        array = array.astype(np.float64)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return _of(array.ctypes.data, array.dtype == np.float32, np.shape(x), array)


def matrix(shape: Tuple[int, ...]) -> Tuple[int, int]:
    """(rows, columns): a row is a neuron or a filter, as everywhere in heavytail; one dimension is one row."""
    if len(shape) < 2:
        return 1, int(np.prod(shape, dtype=np.int64))
    return shape[0], int(np.prod(shape[1:], dtype=np.int64))
