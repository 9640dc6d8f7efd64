#!/usr/bin/python3
"""Networks made by lot take the same steps here and in PyTorch.

    steps_in_torch.py [FIRST [COUNT]]      seeds 0 and 100 unless told

Needs Debian's python3-torch and python3-numpy, hence /usr/bin/python3, and
heavytail, built (with_torch.py).

A seed draws a line of layers (windows and strides of any sides, both kinds of
pooling and of norms, residuals, activations), biases or none, an optimizer,
momentum, decay, and a shape of pictures. PyTorch in double precision takes
five full-batch steps from weights that `heavytail train --init` begins with,
too; then every tensor agrees to 2e-5 of its largest value (at least 0.01), or
to ten times what PyTorch in single precision is off, whose steps are taken as
well. Adam divides a gradient by its size, rounding too (a shift in front of a
batch norm has nothing else): values with a gradient that is at some step less
than a hundred-thousandth of the largest are left out for it, and counted. A line
that the rules of model.layers refuse is passed over, and counted. Exit status 1
where a tensor differs.
"""
import random
import sys
import tempfile

from with_torch import heavytail, read, write

import numpy
import torch
from torch import nn
from torch.nn import functional

SAMPLES, STEPS, TOLERANCE = 24, 5, 2e-5


# ---- modules PyTorch has not, or not in this form

class Activation(nn.Module):
    kinds = {"relu": functional.relu, "leaky-relu": lambda x: functional.leaky_relu(x, 0.01), "tanh": torch.tanh,
             "gelu": functional.gelu, "linear": lambda x: x}

    def __init__(self, name):
        super().__init__()
        self.apply_to = Activation.kinds[name]

    def forward(self, x):
        return self.apply_to(x)


class Norm(nn.Module):
    """Layer norm over the channels of a place."""

    def __init__(self, channels, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x):
        last = x.movedim(1, -1)
        return functional.layer_norm(last, last.shape[-1:], self.weight, self.bias, 1e-5).movedim(-1, 1)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3), keepdim=True)


class Residual(nn.Module):
    def __init__(self, body, projection):
        super().__init__()
        self.body, self.projection = nn.Sequential(*body), projection

    def forward(self, x):
        return self.body(x) + (self.projection(x) if self.projection else x)


# ---- networks by lot

def places(size, window, stride, pad):
    return (size + 2 * pad - window) // stride + 1


class Draw:
    """A line of model.layers and its modules; `c`, `h`, `w` are what comes out so far."""

    def __init__(self, rng, activation, bias, shape):
        self.rng, self.activation, self.bias = rng, activation, bias
        self.c, self.h, self.w = shape
        self.flat, self.line, self.modules = False, [], []

    def add(self, item, *modules):
        self.line.append(item)
        self.modules += modules

    def flatten(self):
        if not self.flat:
            self.modules.append(nn.Flatten())
            self.c, self.h, self.w, self.flat = self.c * self.h * self.w, 1, 1, True

    def act(self):
        name = self.rng.choice([None, None, "tanh", "gelu", "leaky-relu", "linear"])
        return f" {name}" if name else "", Activation(name or self.activation)

    def conv(self, inside=False):
        rng = self.rng
        high = rng.choice([1, 3, 5] if inside else [1, 2, 3, 3, 5])
        wide = high if inside else rng.choice([high, high, 1, 3, 4])
        stride = rng.choice([1, 1, 2] if inside else [1, 1, 1, 2, 3])
        filters = rng.choice([self.c] * inside * 12 + [1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
        pad = (high // 2, wide // 2) if inside or rng.random() < 0.4 else (rng.choice([0, 0, 1]),) * 2
        said = " same" if pad == (high // 2, wide // 2) else f" pad {pad[0]}"
        if self.h + 2 * pad[0] < high or self.w + 2 * pad[1] < wide:
            return
        word, act = self.act()
        self.add(f"conv {filters} {high}x{wide} stride {stride}{said}{word}",
                 nn.Conv2d(self.c, filters, (high, wide), stride, pad, bias=self.bias), act)
        self.c, self.h, self.w = filters, places(self.h, high, stride, pad[0]), places(self.w, wide, stride, pad[1])

    def pool(self):
        side = self.rng.choice([2, 2, 3])
        stride = self.rng.choice([side, side, 1, 2])
        if self.rng.random() < 0.2:
            self.add("pool global", Mean())
            self.h = self.w = 1
        elif min(self.h, self.w) >= side:
            kind, module = self.rng.choice([("max", nn.MaxPool2d), ("avg", nn.AvgPool2d)])
            self.add(f"pool {side} stride {stride} {kind}", module(side, stride))
            self.h, self.w = places(self.h, side, stride, 0), places(self.w, side, stride, 0)

    def norm(self):
        if self.c >= 3:
            self.add("norm", Norm(self.c, self.bias))

    def batch(self):
        module = (nn.BatchNorm1d if self.flat else nn.BatchNorm2d)(self.c)
        module.bias.requires_grad_(self.bias)
        self.add("norm batch", module)

    def dense(self):
        self.flatten()
        units = self.rng.choice([3, 5, 8, 13, 20])
        word, act = self.act()
        self.add(f"dense {units}{word}", nn.Linear(self.c, units, bias=self.bias), act)
        self.c = units

    def residual(self):
        body = Draw(self.rng, self.activation, self.bias, (self.c, self.h, self.w))
        for _ in range(self.rng.randint(1, 2)):
            self.rng.choice([lambda: body.conv(True), body.norm, body.batch])()
        if body.line:
            strides = [m.stride[0] for m in body.modules if isinstance(m, nn.Conv2d)]
            stride = int(numpy.prod(strides)) if strides else 1
            same = (body.c, body.h, body.w) == (self.c, self.h, self.w)
            projection = None if same else nn.Conv2d(self.c, body.c, 1, stride, bias=self.bias)
            self.add(f"res({', '.join(body.line)})", Residual(body.modules, projection))
            self.c, self.h, self.w = body.c, body.h, body.w

    def network(self, classes):
        for _ in range(self.rng.randint(1, 4)):
            if self.flat:
                self.rng.choice([self.dense, self.norm, self.batch])()
            else:
                self.rng.choice([self.conv, self.conv, self.conv, self.pool, self.norm, self.batch, self.residual,
                                 self.dense])()
        self.flatten()
        return nn.Sequential(*self.modules, nn.Linear(self.c, classes, bias=self.bias))


# ---- one seed

def tensors_of(model):
    """What a file of the network holds: a batch norm without biases has no shift."""
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    return {name: value.detach().clone() for name, value in model.state_dict().items()
            if "num_batches" not in name and name not in frozen}


def steps(model, settings, x, y):
    rate, decay = settings["lr"], settings["weight_decay"]
    weights = [p for p in model.parameters() if p.requires_grad]
    kinds = {"sgd": lambda: torch.optim.SGD(weights, lr=rate, momentum=settings["momentum"], weight_decay=decay),
             "adam": lambda: torch.optim.Adam(weights, lr=rate, weight_decay=decay),
             "adamw": lambda: torch.optim.AdamW(weights, lr=rate, weight_decay=decay)}
    optimizer = kinds[settings["optimizer"]]()
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    told = {name: torch.ones_like(p, dtype=torch.bool) for name, p in named.items()}
    model.train()
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        if settings["optimizer"] != "sgd":
            seen = {name: p.grad + (decay * p.detach() if settings["optimizer"] == "adam" else 0)
                    for name, p in named.items()}
            largest = max(g.abs().max() for g in seen.values())
            for name, gradient in seen.items():
                told[name] &= gradient.abs() > 1e-5 * largest
        optimizer.step()
    return tensors_of(model), told


def apart(one, other, told):
    """Of `one` from `other`, over the largest of `other`, where `told` (None: everywhere)."""
    difference = (one.double() - other.double()).abs()
    if told is not None:
        difference = difference * told
    return float(difference.max() / other.double().abs().max().clamp(min=0.01))


def trained_here(folder, line, settings):
    """The tensors after the steps, by name; None, and why, of a line that is refused."""
    words = [word for k, v in settings.items()
             for word in ("--set", f"{'model' if k in ('activation', 'bias') else 'train'}.{k}={v}")]
    done, why = heavytail("train", "--init", f"{folder}/init.safetensors", "--data.name", f"npy:{folder}",
                          "--data.scale", "none", "--steps", str(STEPS), "--model.layers", line, "--train.batch",
                          str(SAMPLES), "--noise.scale", "0", "--out", f"{folder}/after.safetensors", *words,
                          may_refuse=True)
    if done is None and "model.layers: " not in why:
        sys.exit(f"steps_in_torch.py: {line}: {why}")
    if done is None:
        return None, why
    return [(n, t.double()) for n, t in read(f"{folder}/after.safetensors").items()], ""


def compare(seed):
    """The largest difference of a tensor beyond what is allowed, and what was tried; None for an empty line, and
    the words of heavytail for one that it refuses."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    optimizer = rng.choice(["sgd", "sgd", "adam", "adamw"])
    settings = {"activation": rng.choice(list(Activation.kinds)), "bias": rng.randint(0, 1), "optimizer": optimizer,
                "lr": 0.05 if optimizer == "sgd" else 0.003, "weight_decay": rng.choice([0, 0, 0.01]),
                "momentum": rng.choice([0, 0.9]) if optimizer == "sgd" else 0}
    shape = rng.choice([1, 1, 2, 3, 5]), rng.choice([1, 7, 9, 12, 14]), rng.choice([8, 11, 14])
    classes = rng.choice([2, 3, 5])
    draw = Draw(rng, settings["activation"], bool(settings["bias"]), shape)
    model = draw.network(classes)
    if not draw.line:
        return None
    x, y = torch.randn(SAMPLES, *shape), torch.arange(SAMPLES) % classes
    line = ", ".join(draw.line)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("train", "test"):
            numpy.save(f"{folder}/X_{part}.npy", x.numpy())
            numpy.save(f"{folder}/y_{part}.npy", y.numpy())
        begun = {k: v.clone() for k, v in model.state_dict().items()}
        write(f"{folder}/init.safetensors", tensors_of(model))
        here, why = trained_here(folder, line, settings)
    if here is None:
        return f"{line} of {shape}: {why}"
    single, _ = steps(model, settings, x, y)
    model.load_state_dict(begun)
    double, told = steps(model.double(), settings, x.double(), y)
    assert len(here) == len(double), (line, [n for n, _ in here], list(double))
    worst = 0, ""
    for name, value in double.items():
        place = next(i for i, (n, t) in enumerate(here)
                     if t.shape == value.shape and n.split(".")[-1] == name.split(".")[-1])
        where = told.get(name)
        allowed = max(TOLERANCE, 10 * apart(single[name], value, where))
        worst = max(worst, (apart(here.pop(place)[1], value, where) / allowed, name))
    left_out = sum(int((~t).sum()) for t in told.values()), sum(t.numel() for t in told.values())
    return *worst, f"{line} of {shape}, {settings}", left_out


def main():
    torch.set_num_threads(1)
    first, count = (int(w) for w in (sys.argv[1:] + ["0", "100"][len(sys.argv) - 1:])[:2])
    tried = [r for r in (compare(seed) for seed in range(first, first + count)) if r]
    results, refused = [r for r in tried if not isinstance(r, str)], [r for r in tried if isinstance(r, str)]
    for what in refused:
        print(f"passed over: {what}")
    if not results:
        sys.exit(f"{len(refused)} networks refused, none compared")
    wrong = [r for r in results if r[0] > 1]
    for worst, name, what, _ in wrong:
        print(f"{worst:.3g} times as far as allowed, {name}: {what}")
    print(f"{len(results)} networks, {len(refused)} more passed over as model.layers refuses them; {len(wrong)} apart; the worst is at {max(r[0] for r in results):.2f} of what is "
          f"allowed; {sum(r[3][0] for r in results)} of {sum(r[3][1] for r in results)} values left out for Adam")
    sys.exit(bool(wrong))


main()
