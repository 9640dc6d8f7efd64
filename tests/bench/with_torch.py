"""What the scripts share that hold heavytail against PyTorch: .safetensors files as plain bytes, and the program.

Without PyTorch or NumPy (Debian: python3-torch, python3-numpy) an import of this says so and ends the script, which
has tried nothing then. heavytail is $HT_BINARY, or ./build/release/heavytail at the top of the source tree.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys

SCRIPT = pathlib.Path(sys.argv[0]).name

try:
    import numpy
    import torch
except ImportError as why:
    print(f"{SCRIPT}: skipped: {why} (Debian: python3-torch, python3-numpy)")
    sys.exit(0)

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HT_BINARY", TOP / "build/release/heavytail")


def read(path):
    """The tensors by their names, in the order of the numbers in those; F32 alone."""
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name in sorted(header, key=lambda n: [int(w) if w.isdigit() else w for w in n.split(".")]):
        a, b = header[name]["data_offsets"]
        assert header[name]["dtype"] == "F32"
        array = numpy.frombuffer(data[8 + length + a:8 + length + b], "<f4")
        tensors[name] = torch.from_numpy(array.reshape(header[name]["shape"]).copy())
    return tensors


def write(path, state):
    """As safetensors.torch.save_file does, sorted by type and name; what is double is written as F32."""
    header, body = {}, b""
    kinds = {torch.float32: "F32", torch.int64: "I64"}
    plain = {n: v.detach().float() if v.is_floating_point() else v.detach() for n, v in state.items()}
    for name in sorted(plain, key=lambda n: (str(plain[n].dtype), n)):
        value = plain[name].contiguous()
        raw = value.numpy().tobytes()
        header[name] = {"dtype": kinds[value.dtype], "shape": list(value.shape),
                        "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


def heavytail(*words, may_refuse=False):
    """What it prints. A failure ends the script; wrong usage may be an answer: then it is None, and why."""
    done = subprocess.run([str(BINARY), *words], capture_output=True, text=True)
    if done.returncode == 2 and may_refuse:
        return None, done.stderr.strip()
    if done.returncode:
        sys.exit(f"{SCRIPT}: heavytail {' '.join(words)}: {done.stderr}")
    return (done.stdout, "") if may_refuse else done.stdout
