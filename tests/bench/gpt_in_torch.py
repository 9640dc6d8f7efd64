#!/usr/bin/python3
"""Transformers of PyTorch's as files, their logits, and back.

Needs Debian's python3-torch and python3-numpy, hence /usr/bin/python3 (without
them this is said, and nothing is tried).

    gpt_in_torch.py make DIR     networks as directories: model.safetensors with
                                 the names of nanoGPT's state dict, X.npy, y.npy,
                                 logits.npy (PyTorch's, of every position of X)
                                 and about.json, the network in heavytail's words
    gpt_in_torch.py check DIR    copy.safetensors, which heavytail has written
                                 from model.safetensors, loads into the module it
                                 came from, with the same logits

The module is ours; layers, names and what they compute are those of nanoGPT:
pre-norm blocks, GELU (the exact one), an output tied to the token table or not.
"""
import json
import pathlib
import struct
import sys

try:
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as why:
    print(f"gpt_in_torch.py: skipped: {why} (Debian: python3-torch, python3-numpy)")
    sys.exit(77)

# width, heads, blocks, context, symbols, biases, tied, how it is written
CASES = [
    (16, 2, 2, 8, 16, False, True, "both"),   # every table is 16 wide and 16 or 8 high
    (24, 3, 1, 24, 24, True, True, "table"),  # tokens, positions and projections all 24 x 24
    (8, 1, 3, 5, 8, False, True, "head"),     # of one tensor with two names the other is kept
    (12, 4, 2, 6, 48, True, False, "both"),   # the output is as large as an MLP's matrix
    (16, 2, 11, 4, 10, True, True, "compiled"),  # ten blocks and more; torch.compile's prefix
    (16, 4, 2, 8, 20, True, True, "gpt-2"),  # GPT-2's: matrices (inputs x outputs), no prefix
]


class Norm(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.weight = nn.Parameter(1 + 0.2 * torch.randn(width))
        self.bias = nn.Parameter(0.2 * torch.randn(width)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class Attention(nn.Module):
    def __init__(self, width, heads, context, bias):
        super().__init__()
        self.c_attn = nn.Linear(width, 3 * width, bias=bias)
        self.c_proj = nn.Linear(width, width, bias=bias)
        self.heads = heads
        self.register_buffer("bias", torch.tril(torch.ones(context, context))[None, None])

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = (t.view(batch, time, self.heads, -1).transpose(1, 2)
                   for t in self.c_attn(x).split(width, dim=2))
        scores = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        scores = scores.masked_fill(self.bias[:, :, :time, :time] == 0, float("-inf"))
        y = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, time, width)
        return self.c_proj(y)


class Mlp(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width, bias=bias)
        self.c_proj = nn.Linear(4 * width, width, bias=bias)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, width, heads, context, bias):
        super().__init__()
        self.ln_1 = Norm(width, bias)
        self.attn = Attention(width, heads, context, bias)
        self.ln_2 = Norm(width, bias)
        self.mlp = Mlp(width, bias)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, width, heads, blocks, context, symbols, bias, tied, _):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(symbols, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList(Block(width, heads, context, bias) for _ in range(blocks)),
            "ln_f": Norm(width, bias),
        })
        self.lm_head = nn.Linear(width, symbols, bias=False)
        if tied:
            self.transformer.wte.weight = self.lm_head.weight

    def forward(self, tokens):
        t = self.transformer
        x = t.wte(tokens) + t.wpe(torch.arange(tokens.shape[1]))
        for block in t.h:
            x = block(x)
        return self.lm_head(t.ln_f(x))


def write(path, state):
    header, body = {}, b""
    for name, value in state.items():
        raw = value.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape),
                        "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


def read(path):
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in header.items():
        a, b = about["data_offsets"]
        array = numpy.frombuffer(data[8 + length + a:8 + length + b], "<f4")
        tensors[name] = torch.from_numpy(array.reshape(about["shape"]).copy())
    return tensors


def network(number):
    torch.manual_seed(number)
    net = Gpt(*CASES[number])
    for name, value in net.named_parameters():
        if value.dim() > 1:
            nn.init.normal_(value, 0, 0.3)
    return net


def written(state, how):
    if how == "table":
        state.pop("lm_head.weight")
    if how == "head":
        state.pop("transformer.wte.weight")
    if how == "gpt-2":
        state.pop("lm_head.weight")
        state = {name.removeprefix("transformer."):
                 value.t() if ".c_" in name and value.dim() == 2 else value
                 for name, value in state.items()}
    if how == "compiled":
        state = {"_orig_mod." + name: value for name, value in state.items()}
    return state


def words(width, heads, blocks):
    block = (f"res(norm, attention {heads}), "
             f"res(norm, dense {4 * width} gelu, dense {width} linear)")
    return ", ".join([f"embed {width}", *[block] * blocks, "norm"])


def make(top):
    for number, case in enumerate(CASES):
        width, heads, blocks, context, symbols, bias, tied, how = case
        net = network(number)
        folder = top / str(number)
        folder.mkdir(parents=True)
        tokens = torch.randint(symbols, (5, context))
        write(folder / "model.safetensors", written(net.state_dict(), how))
        numpy.save(folder / "X.npy", tokens.numpy().astype("<i4"))
        numpy.save(folder / "y.npy", torch.randint(symbols, (5, context)).numpy().astype("<i4"))
        with torch.no_grad():
            logits = net.double()(tokens)
        numpy.save(folder / "logits.npy", logits.numpy().reshape(-1, symbols))
        (folder / "about.json").write_text(json.dumps({
            "layers": words(width, heads, blocks), "tied": int(tied), "bias": int(bias),
            "context": context, "symbols": symbols}))


def check(top):
    worst = 0
    for number, case in enumerate(CASES):
        folder = top / str(number)
        state = read(folder / "copy.safetensors")
        state = {name.removeprefix("_orig_mod."): value for name, value in state.items()}
        net = network(number)
        for name, value in net.state_dict().items():
            if name.endswith(".attn.bias"):
                state[name] = value  # the causal mask: no weights, and not kept
        if case[-1] == "gpt-2":
            state = {name if name.startswith("transformer.") else "transformer." + name:
                     value.t() if ".c_" in name and value.dim() == 2 else value
                     for name, value in state.items()}
            state["lm_head.weight"] = state["transformer.wte.weight"]
        if case[-1] == "table":
            state["lm_head.weight"] = state["transformer.wte.weight"]
        if case[-1] == "head":
            state["transformer.wte.weight"] = state["lm_head.weight"]
        with torch.no_grad():
            for value in net.parameters():
                value.zero_()
            net.load_state_dict(state, strict=True)
            tokens = torch.from_numpy(numpy.load(folder / "X.npy")).long()
            logits = net.double()(tokens).numpy().reshape(-1, case[4])
        worst = max(worst, abs(logits - numpy.load(folder / "logits.npy")).max())
    print(f"figures: {len(CASES)} transformers written by heavytail load into PyTorch; "
          f"logits within {worst:.1e}")
    if not worst < 1e-6:
        sys.exit("gpt_in_torch.py: other logits")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
