#!/usr/bin/python3
"""What heavytail writes loads into PyTorch, and the other way round.

Needs Debian's python3-torch and python3-numpy, hence /usr/bin/python3, and
heavytail, built (with_torch.py).

Networks are trained by `heavytail train --out F` for a few steps on random
pictures; F's tensors go into the state dict of an nn.Sequential, module after
module, and PyTorch's loss and accuracy on the test pictures must be those of
`heavytail prune F --ratio 0`. Then PyTorch writes networks of its own, batch
norms and names of nested modules among them, and heavytail reads them with
--layers. Exit status 1 where a loss differs by more than 1e-5 of itself, or a
sample is told otherwise.
"""
import json
import sys
import tempfile

from with_torch import heavytail, read, write

import numpy
import torch
from torch import nn

CLASSES, SIDE, TRAIN, TEST = 5, 20, 200, 150


# ---- the two

def score_here(path, data, *more):
    whole = json.loads(heavytail("prune", path, "--data", f"npy:{data}", "--data.scale", "none",
                                 "--ratio", "0", "--json", *more))["whole"]
    return whole["loss"], whole["accuracy"]


def score_there(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model.double()(x.double())
    loss = nn.functional.cross_entropy(logits, y).item()
    model.float()
    return loss, (logits.argmax(1) == y).double().mean().item()


def load(model, tensors):
    """Ours are numbered by the layers that have tensors, in the order of the network."""
    modules = [m for m in model.modules() if not list(m.children()) and m.state_dict()]
    numbers = sorted({int(name.split(".")[1]) for name in tensors})
    assert len(numbers) == len(modules), (numbers, modules)
    for number, module in zip(numbers, modules):
        ours = {n.split(".", 2)[2]: t for n, t in tensors.items() if n.startswith(f"layers.{number}.")}
        wrong = module.load_state_dict(ours, strict=False)
        missing = [k for k in wrong.missing_keys if k != "num_batches_tracked"]
        assert not missing and not wrong.unexpected_keys, wrong


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return x + self.body(x)


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 30), nn.ReLU(), nn.Linear(30, 12), nn.Tanh(),
                         nn.Linear(12, CLASSES))


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 9, 40), nn.ReLU(),
                         nn.Linear(40, 20), nn.ReLU(), nn.Linear(20, CLASSES))


def residual():
    body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
    return nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(), Residual(body),
                         nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4 * 25, CLASSES))


class Block(nn.Module):
    """With the names that PyTorch's own residual networks have."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None if stride == 1 else nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False),
                                                                 nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Block(4, 4, 1), Block(4, 4, 1))
        self.layer2 = nn.Sequential(Block(4, 6, 2), Block(6, 6, 1))
        self.fc = nn.Linear(6, CLASSES)

    def forward(self, x):
        x = self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


def resnet_line(norm, after):
    """With batch norms, or with them folded."""
    body = "res(conv {0} 3x3{1} same" + norm + ", conv {0} 3x3 same linear" + after + "), relu"
    blocks = [body.format(4, ""), body.format(4, ""), body.format(6, " stride 2"), body.format(6, "")]
    return ", ".join(["conv 4 3x3 same" + norm, *blocks, "pool global"])


NETWORKS = (  # name, model, layers
    ("mlp", mlp, "dense 30, dense 12 tanh"),
    ("lenet", lenet, "conv 6 5x5 same, pool 2, conv 16 5x5, pool 2, dense 40, dense 20"),
    ("residual", residual, "conv 4 3x3 stride 2 same linear, norm batch, relu, res(conv 4 3x3 same, conv 4 3x3 "
     "same linear), relu, pool 2 avg"),
)
THEIRS = (
    ("residual, its batch norm folded", residual,
     "conv 4 3x3 stride 2 same, res(conv 4 3x3 same, conv 4 3x3 same linear), relu, pool 2 avg"),
    ("ResNet", ResNet, resnet_line(" linear, norm batch, relu", ", norm batch")),
    ("ResNet, its batch norms folded", ResNet, resnet_line("", "")),
)


def make_data(directory):
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(CLASSES, 1, SIDE, SIDE, generator=generator)
    for part, count in ("train", TRAIN), ("test", TEST):
        y = torch.arange(count) % CLASSES
        x = centres[y] * 0.3 + torch.randn(count, 1, SIDE, SIDE, generator=generator)
        numpy.save(f"{directory}/X_{part}.npy", x.numpy())
        numpy.save(f"{directory}/y_{part}.npy", y.numpy())
    return x, y


def compare(what, here, there):
    off = abs(here[0] / there[0] - 1)
    good = off <= 1e-5 and round(TEST * here[1]) == round(TEST * there[1])
    print(f"{what}: loss {here[0]:.9g} and {there[0]:.9g} ({off:.1e} apart), accuracy {here[1]:.4f} and "
          f"{there[1]:.4f}{'' if good else ': NOT THE SAME'}")
    return good


def main():
    good = True
    torch.manual_seed(2)
    with tempfile.TemporaryDirectory() as work:
        x, y = make_data(work)
        for name, model, layers in NETWORKS:
            path, net = f"{work}/{name}.safetensors", model()
            heavytail("train", "--data.name", f"npy:{work}", "--data.scale", "none", "--layers", layers,
                      "--model.bias", "1", "--steps", "30", "--train.batch", "50", "--noise.type", "none",
                      "--train.lr", "0.05", "--quiet", "--out", path)
            load(net, read(path))
            good &= compare(f"heavytail's {name} in PyTorch", score_here(path, work), score_there(net, x, y))
        for name, model, layers in (*NETWORKS, *THEIRS):
            path, net = f"{work}/theirs.safetensors", model()
            net.train()
            for _ in range(3):
                net(x + 1)  # running means that are not 0
            write(path, net.state_dict())
            good &= compare(f"PyTorch's {name} in heavytail", score_here(path, work, "--layers", layers),
                            score_there(net, x, y))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
