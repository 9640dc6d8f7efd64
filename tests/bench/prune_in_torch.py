#!/usr/bin/python3
"""The curves of `heavytail prune --curve` against PyTorch's own evaluations.

Needs Debian's python3-torch and python3-numpy, hence /usr/bin/python3 (without
them this is said, and nothing is tried); and heavytail, built: $HT_BINARY, or
./build/release/heavytail at the top of the source tree. A minute of a core.

PyTorch trains LeNet-5 and two networks of dense layers, all with biases, for a
few steps on MNIST where $HEAVYTAIL_DATA has it, else on made-up pictures, and
writes them as .safetensors. Each method's curve is then gone through point by
point: what is to go is worked out here anew, by plain sorting in double (the
smallest filters and neurons, with their biases and what reads them; the
smallest weights; the smallest singular values), and PyTorch evaluates what is
left in double. Exit status 1 where a point's number of right samples, its loss
(by more than 1e-5), its size, or what goes at an error of 0.1 is not the same.
heavytail computes in float: of a point that differs, as many samples as have
their two best classes nearer than rounding are told, and only they excuse it.
"""
import gzip
import json
import math
import os
import pathlib
import sys
import tempfile

try:
    import numpy
    import torch
    from torch import nn
except ImportError as why:
    print(f"prune_in_torch.py: skipped: {why} (Debian: python3-torch, python3-numpy)")
    sys.exit(0)

from load_in_torch import heavytail, write

TRAIN, TEST, SIDE, CLASSES = 600, 997, 28, 10
METHODS = "node", "magnitude", "magnitude-layer", "svd"
ERROR = 0.1
ROUNDING = 1e-5  # of the largest logit: two classes nearer than this are a tie in float


# ---- pictures

def read_idx(name):
    for path in (pathlib.Path(os.environ["HEAVYTAIL_DATA"]) / "mnist" / name).parent.glob(name + "*"):
        raw = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
        shape = numpy.frombuffer(raw, ">i4", raw[3], 4)
        return numpy.frombuffer(raw, numpy.uint8, -1, 4 + 4 * raw[3]).reshape(shape)
    raise FileNotFoundError(name)


def mnist():
    parts = []
    for part, count in ("train", TRAIN), ("t10k", TEST):
        x, y = read_idx(f"{part}-images-idx3-ubyte"), read_idx(f"{part}-labels-idx1-ubyte")
        parts += [torch.from_numpy(x[:count].astype("f4") / 255)[:, None], torch.from_numpy(y[:count].astype("i8"))]
    return parts


def made_up():
    centres, parts = nn.functional.interpolate(torch.randn(CLASSES, 1, 7, 7), size=SIDE, mode="bilinear"), []
    for count in TRAIN, TEST:
        y = torch.arange(count) % CLASSES
        parts += [0.5 * centres[y] + torch.randn(count, 1, SIDE, SIDE), y]
    return parts


def pictures(directory):
    try:
        parts, name = mnist(), "MNIST"
    except (KeyError, OSError):
        parts, name = made_up(), "made-up pictures"
    for part, value in zip(("X_train", "y_train", "X_test", "y_test"), parts):
        numpy.save(f"{directory}/{part}.npy", value.numpy())
    return parts, name


# ---- networks

def lenet5():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84),
                         nn.ReLU(), nn.Linear(84, CLASSES))


def mlp(*widths, act=nn.ReLU):
    modules, inputs = [nn.Flatten()], SIDE * SIDE
    for width in widths:
        modules += [nn.Linear(inputs, width), act()]
        inputs = width
    return nn.Sequential(*modules, nn.Linear(inputs, CLASSES))


NETWORKS = (  # name, model, layers
    ("LeNet-5", lenet5, "conv 6 5x5 same, pool 2, conv 16 5x5, pool 2, dense 120, dense 84"),
    ("784-60-33-10", lambda: mlp(60, 33, act=nn.Tanh), "dense 60 tanh, dense 33 tanh"),
    ("784-90-10", lambda: mlp(90), "dense 90"),
)


def train(net, x, y):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(90):
        batch = torch.arange(step * 50, step * 50 + 50) % len(x)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimizer.step()


def score(net, x, y):
    """Right samples, loss, and how far apart each sample's two best classes are."""
    with torch.no_grad():
        logits = torch.cat([net(part) for part in x.split(250)])
    best = logits.topk(2, 1).values
    apart = (best[:, 0] - best[:, 1]) / logits.abs().amax(1).clamp_min(1e-30)
    return int((logits.argmax(1) == y).sum()), nn.functional.cross_entropy(logits, y).item(), apart


# ---- what goes

class Twin:
    """A network in double; its layers with weights as matrices whose rows are filters or neurons."""

    def __init__(self, net):
        self.net = net.double()
        self.modules = [m for m in net if hasattr(m, "weight")]
        self.whole = [(m.weight.detach().clone(), m.bias.detach().clone()) for m in self.modules]
        self.matrices = [w.flatten(1).numpy() for w, _ in self.whole]
        self.total = sum(m.size for m in self.matrices)

    def restore(self):
        for module, (weight, bias) in zip(self.modules, self.whole):
            module.weight.data.copy_(weight)
            module.bias.data.copy_(bias)

    # Each method: how many units the layers have, which go first and at what squared norm, and how they go.

    def node_units(self):
        return [(m ** 2).sum(1) for m in self.matrices[:-1]]

    def node(self, counts):
        for l, count in enumerate(counts):
            gone = numpy.argsort(self.node_units()[l], kind="stable")[:count].tolist()
            module, reader = self.modules[l], self.modules[l + 1]
            module.weight.data[gone] = 0
            module.bias.data[gone] = 0
            each = reader.weight[0].numel() // len(self.matrices[l])  # columns that read a unit, one after the other
            reader.weight.data.flatten(1).view(len(reader.weight), -1, each)[:, gone] = 0

    def node_left(self, counts):
        rows = [len(m) - c for m, c in zip(self.matrices, [*counts, 0])]
        columns = [m.shape[1] * left // whole for m, left, whole in
                   zip(self.matrices, [1, *rows], [1, *map(len, self.matrices)])]
        return sum(r * c for r, c in zip(rows, columns)) / self.total

    def magnitude_layer_units(self):
        return [m.reshape(-1) ** 2 for m in self.matrices]

    def magnitude_layer(self, counts):
        for module, matrix, count in zip(self.modules, self.matrices, counts):
            gone = numpy.argsort(abs(matrix).reshape(-1), kind="stable")[:count]
            module.weight.data.view(-1)[torch.from_numpy(gone)] = 0

    def magnitude_layer_left(self, counts):
        return 1 - sum(counts) / self.total

    def magnitude_units(self):
        return [numpy.concatenate(self.magnitude_layer_units())]

    def magnitude(self, counts):
        gone = numpy.argsort(self.magnitude_units()[0], kind="stable")[:counts[0]]
        left = torch.ones(self.total)
        left[torch.from_numpy(gone)] = 0
        for module, part in zip(self.modules, left.split([m.size for m in self.matrices])):
            module.weight.data *= part.view_as(module.weight)

    magnitude_left = magnitude_layer_left

    def svd_units(self):
        return [numpy.linalg.svd(m, compute_uv=False)[::-1] ** 2 for m in self.matrices[:-1]]

    def svd(self, counts):
        for module, matrix, count in zip(self.modules, self.matrices, counts):
            u, s, v = numpy.linalg.svd(matrix, full_matrices=False)
            s[len(s) - count:] = 0
            if count:
                module.weight.data.copy_(torch.from_numpy((u * s) @ v).view_as(module.weight))

    def svd_left(self, counts):
        left = [min(m.size, (min(m.shape) - c) * sum(m.shape)) for m, c in zip(self.matrices, counts)]
        return (sum(left) + self.matrices[-1].size) / self.total


def shares(units, removed):
    """How many of each layer go where the same ratio of every layer goes, and `removed` in all."""
    sizes = [len(u) for u in units]
    ratios = {i / 20 for i in range(21)}
    for n in sizes:
        ratios.update(k / n for k in range(n + 1))
        ratios.update(numpy.nextafter([k / n for k in range(n + 1)], 2).tolist())
    found = {counts for r in ratios if sum(counts := tuple(math.floor(r * n) for n in sizes)) == removed}
    assert len(found) == 1, (sizes, removed, found)
    return found.pop()


def at_error(units):
    """The most that can go, smallest first, at no more than the error of a layer."""
    sums = [numpy.cumsum(numpy.sort(u)) for u in units]
    return tuple(int((s / s[-1] <= ERROR).sum()) for s in sums)


# ---- the two

class Report:
    def __init__(self):
        self.points = self.differing = self.excused = 0
        self.loss, self.apart, self.wrong = 0.0, math.inf, []

    def check(self, good, what):
        if not good:
            self.wrong.append(what)

    def point(self, here, there, what):
        right, loss, apart = there
        ours, near = round(TEST * here["accuracy"]), int((apart < ROUNDING).sum())
        self.points += 1
        self.apart = min(self.apart, apart.min().item())
        if here["loss"] is not None:
            off = abs(here["loss"] / loss - 1)
            self.loss = max(self.loss, off)
            self.check(off <= 1e-5, f"{what}: loss {here['loss']} here, {loss} in PyTorch")
        if ours == right:
            return
        self.differing += 1
        self.excused += abs(ours - right) <= near
        print(f"  {what}: {ours} right here, {right} in PyTorch; {near} samples are tied as floats, the nearest "
              f"{apart.min():.1e} apart")
        self.check(abs(ours - right) <= near, f"{what}: {ours} right here, {right} in PyTorch")


def compare(twin, method, here, x, y):
    name, report = method.replace("-", "_"), Report()
    units, left = getattr(twin, f"{name}_units")(), getattr(twin, f"{name}_left")
    for point in [*here["curve"], {**here, "k": here["removed"], "weights_left": 1 - here["parameter_ratio"]}]:
        asked = at_error(units) if "curve" in point else shares(units, point["k"])
        what = f"{method}, {sum(asked)} of {sum(map(len, units))} gone"
        report.check(sum(asked) == point["k"], f"{method}: {point['k']} gone at error {ERROR} here, {sum(asked)} there")
        report.check(abs(left(asked) - point["weights_left"]) < 1e-9,
                     f"{what}: {point['weights_left']} of the weights left here, {left(asked)} there")
        twin.restore()
        getattr(twin, name)(asked)
        report.point(point, score(twin.net, x, y), what)
    if method in ("node", "svd"):
        ours = [layer["removed"] for layer in here["layers"]]
        report.check(ours == list(at_error(units)), f"{method}: {ours} gone at error {ERROR}, not {at_error(units)}")
    return report


def main():
    good = True
    torch.manual_seed(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        (x, y, x_test, y_test), data = pictures(work)
        for name, make, layers in NETWORKS:
            net, path = make(), f"{work}/theirs.safetensors"
            train(net, x, y)
            write(path, net.state_dict())
            found = json.loads(heavytail("prune", path, "--layers", layers, "--data", f"npy:{work}", "--data.scale",
                                         "none", "--method", ",".join(METHODS), "--error", str(ERROR), "--curve",
                                         "--json"))
            twin, x64 = Twin(net), x_test.double()
            for method, here in zip(METHODS, (found, *found["others"])):
                assert here["method"] == method
                r = compare(twin, method, here, x64, y_test)
                print(f"{name} on {data}, {method}: {r.points} points, {r.differing} differ ({r.excused} by samples tied "
                      f"as floats), losses {r.loss:.1e} apart at most; the nearest two classes {r.apart:.1e} apart",
                      flush=True)
                for what in r.wrong:
                    print(f"  NOT THE SAME: {what}")
                good &= not r.wrong
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
