"""Makes the inputs of 05-order and 12-refused, and prints the right values that tests/e2e/test_cases_files.c holds.

NumPy alone computes them: relu networks in double precision, as PyTorch would have them. Run in this directory:
/usr/bin/python3 files.py
"""
import json
import struct

import numpy as np

rng = np.random.default_rng(15)
SIZES = {"F64": 8, "F32": 4, "BF16": 2}


def bfloat(a):
    """Rounded to BF16: the bits, and the numbers they stand for."""
    bits = np.asarray(a, np.float32).view(np.uint32)
    bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return bits, (bits.astype(np.uint32) << 16).view(np.float32)


def write(path, tensors):
    """As the safetensors library writes: larger types first, then by name."""
    header, blobs, at = {}, [], 0
    for name, (kind, array) in sorted(tensors.items(), key=lambda t: (-SIZES[t[1][0]], t[0])):
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
        blobs.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def score(x, y, layers):
    """Accuracy and cross-entropy of a relu network of (weight, bias) pairs, weight (outputs × inputs)."""
    h = x.astype(np.float64)
    for i, (w, b) in enumerate(layers):
        h = h @ w.astype(np.float64).T + (0 if b is None else b.astype(np.float64))
        if i + 1 < len(layers):
            h = np.maximum(h, 0)
    top = h.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(h - top).sum(axis=1)) + top[:, 0] - h[np.arange(len(y)), y]).mean()
    return f"{(h.argmax(axis=1) == y).mean():.4f}, {loss:.6f}"


def matrix(rows, columns):
    return rng.normal(0, (2 / columns) ** 0.5, (rows, columns)).astype(np.float32)


x = rng.normal(size=(200, 6)).astype(np.float32)
w_in, mid2, mid10, out = matrix(8, 6), matrix(8, 8), matrix(8, 8), matrix(3, 8)
b_in, b_mid, b_out = (rng.normal(0, 0.5, n).astype(np.float32) for n in (8, 8, 3))
plain = [(w_in, None), (mid2, None), (mid10, None), (out, None)]
h = x.astype(np.float64)
for w, _ in plain[:-1]:
    h = np.maximum(h @ w.T, 0)
y = (h @ out.T + rng.normal(0, 0.2, (200, 3))).argmax(axis=1)
np.save("05-order/x.npy", x)
np.save("05-order/y.npy", y)

names = {"in.weight": w_in, "mid2.weight": mid2, "mid10.weight": mid10, "out.weight": out}
write("05-order/numbers.safetensors", {n: ("F32", a) for n, a in names.items()})
print("numbers            ", score(x, y, plain))
print("  in the file's order", score(x, y, [(w_in, None), (mid10, None), (mid2, None), (out, None)]))

bits, rounded = bfloat(w_in)
write("05-order/mixed.safetensors", {"hidden.weight": ("BF16", bits), "classifier.weight": ("F32", out)})
print("mixed              ", score(x, y, [(rounded, None), (out, None)]))

write("05-order/kernels.safetensors", {
    "dense/kernel": ("F32", w_in.T), "dense/bias": ("F32", b_in),
    "dense_1/kernel": ("F32", mid2.T), "dense_1/bias": ("F32", b_mid),
    "dense_10/kernel": ("F32", out.T), "dense_10/bias": ("F32", b_out)})
biased = [(w_in, b_in), (mid2, b_mid), (out, b_out)]
print("kernels, sequential", score(x, y, biased))

write("05-order/sequential.safetensors", {
    "net.0.weight": ("F64", w_in.astype(np.float64)), "net.0.bias": ("F32", b_in),
    "net.2.weight": ("F32", mid2), "net.2.bias": ("F32", b_mid),
    "net.10.weight": ("F32", out), "net.10.bias": ("F32", b_out)})

write("05-order/unnumbered.safetensors",
      {"enter.weight": ("F32", w_in), "alpha.weight": ("F32", mid2), "beta.weight": ("F32", mid10),
       "leave.weight": ("F32", out)})
print("unnumbered, alpha,beta", score(x, y, plain))
print("unnumbered, beta,alpha", score(x, y, [(w_in, None), (mid10, None), (mid2, None), (out, None)]))

write("05-order/turned.safetensors", {"W1": ("F32", w_in.T), "W2": ("F32", mid2.T), "W3": ("F32", out.T)})
print("turned             ", score(x, y, [(w_in, None), (mid2, None), (out, None)]))

np.savez("12-refused/weights.npz", w=matrix(4, 3), b=matrix(1, 3))
