#!/usr/bin/python3
"""Training steps of convolutional networks, a transformer and a small dense network in PyTorch beside `heavytail bench layers`.

Needs Debian's python3-torch, hence /usr/bin/python3; and heavytail, built:
$HT_BINARY, or ./heavytail at the top of the source tree. Without PyTorch it
says "skipped" and ends with status 0.

PyTorch runs at its best setting here: channels_last, oneDNN, and
OMP_WAIT_POLICY=PASSIVE. gpt-nano is written as nanoGPT is: one product for q,
k and v, attention by masked products, GELU by erf, the output tied; the dense
network has Adam. Both take turns on the same cores; what is printed are
medians and their ratios: of one thread the time it computed, of several what
the clock says. Nothing is asserted.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

BATCH, CLASSES, ROUNDS, STEPS = 100, 10, 2, 12
VGG = (64, 128, 256, 256, 512, 512, 512, 512)
POOLED = (1, 1, 0, 1, 0, 1, 0, 1)
NETWORKS = {"lenet5-caffe": (1, 28), "vgg11": (3, 32), "vgg11-quarter": (3, 32)}
GPT, TABLE = "gpt-nano", "tabular-256-128"
SYMBOLS, CONTEXT, WIDTH, DEPTH, HEADS, SEQUENCES = 65, 64, 128, 4, 4, 32
FEATURES, LETTERS, ROWS = 16, 26, 128


def network(name):
    from torch import nn

    layers = []
    if name == "lenet5-caffe":
        channels = 1
        for filters in (20, 50):
            layers += [nn.Conv2d(channels, filters, 5, bias=False), nn.ReLU(), nn.MaxPool2d(2)]
            channels = filters
        layers += [nn.Flatten(), nn.Linear(800, 500, bias=False), nn.ReLU(), nn.Linear(500, CLASSES, bias=False)]
        return nn.Sequential(*layers)
    channels = 3
    for filters, pooled in zip(VGG, POOLED):
        filters //= 4 if name.endswith("quarter") else 1
        layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] * pooled
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, CLASSES, bias=False))


def transformer():
    import torch
    from torch import nn
    from torch.nn import functional

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(WIDTH))

        def forward(self, x):
            return functional.layer_norm(x, (WIDTH,), self.weight)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = nn.ModuleList([Norm(), Norm()])
            self.attn, self.proj, self.up, self.down = (
                nn.Linear(inputs, outputs, bias=False)
                for inputs, outputs in ((WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)))
            self.register_buffer("hidden", torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), 1))

        def attend(self, x):
            batch, places, width = x.shape
            q, k, v = (part.view(batch, places, HEADS, width // HEADS).transpose(1, 2)
                       for part in self.attn(x).split(width, 2))
            scores = (q @ k.transpose(-2, -1)) * (width // HEADS) ** -0.5
            weights = functional.softmax(scores.masked_fill(self.hidden, float("-inf")), -1)
            return self.proj((weights @ v).transpose(1, 2).reshape(batch, places, width))

        def forward(self, x):
            x = x + self.attend(self.norms[0](x))
            return x + self.down(functional.gelu(self.up(self.norms[1](x))))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
            self.norm, self.output = Norm(), nn.Linear(WIDTH, SYMBOLS, bias=False)
            nn.init.normal_(self.tokens.weight, std=0.02)
            self.output.weight = self.tokens.weight

        def forward(self, x):
            x = self.tokens(x) + self.places.weight
            return self.output(self.norm(self.blocks(x))).transpose(1, 2)

    return Network()


def task(name):
    """The network, samples and what to say of them."""
    import torch

    if name == GPT:
        return (transformer(), *(torch.randint(SYMBOLS, (SEQUENCES, CONTEXT)) for _ in range(2)))
    if name == TABLE:
        sides = (FEATURES, 256, 128, LETTERS)
        layers = [part for i in range(3) for part in (torch.nn.Linear(*sides[i:i + 2], bias=False), torch.nn.ReLU())]
        return torch.nn.Sequential(*layers[:-1]), torch.randn(ROWS, FEATURES), torch.randint(LETTERS, (ROWS,))
    channels, side = NETWORKS[name]
    net = network(name).to(memory_format=torch.channels_last)
    x = torch.randn(BATCH, channels, side, side).contiguous(memory_format=torch.channels_last)
    return net, x, torch.randint(CLASSES, (BATCH,))


def worker(name, threads):
    """One JSON number: the median of the steps, in ms."""
    import torch

    torch.set_num_threads(threads)
    net, x, y = task(name)
    kind = torch.optim.Adam if name == TABLE else torch.optim.SGD
    optimizer = kind(net.parameters(), lr=1e-6)
    clock = time.process_time if threads == 1 else time.perf_counter
    times = []
    for step in range(STEPS + 2 if name != TABLE else 500):
        start = clock()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        end = clock()
        if step > 1:
            times.append(1e3 * (end - start))
    print(json.dumps(statistics.median(times)))


def environment(threads):
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    env.update(OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="PASSIVE")
    return env


def bench_torch(name, threads):
    command = [sys.executable, __file__, "--worker", name, str(threads)]
    return json.loads(subprocess.run(command, env=environment(threads), check=True, capture_output=True, text=True).stdout)


def bench_heavytail():
    top = pathlib.Path(__file__).resolve().parents[2]
    binary = os.environ.get("HT_BINARY", str(top / "heavytail"))
    out = subprocess.run([binary, "bench", "layers", "--json"], env=environment(2), check=True, capture_output=True,
                         text=True).stdout
    return {(row["preset"], row["threads"]): row for row in json.loads(out)["layers"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", nargs=2, metavar=("NETWORK", "THREADS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("skipped: there is no python3-torch")
        return
    if arguments.worker:
        worker(arguments.worker[0], int(arguments.worker[1]))
        return
    ours, theirs = {}, {}
    for _ in range(ROUNDS):
        for key, row in bench_heavytail().items():
            ours.setdefault(key, []).append(row)
        for key in list(ours):
            if key[0] in NETWORKS or key[0] in (GPT, TABLE):
                theirs.setdefault(key, []).append(bench_torch(*key))
    print(f"b = {BATCH} ({GPT}: {SEQUENCES}, {TABLE}: {ROWS}): network        threads   PyTorch ms   heavytail ms   with iid noise   PyTorch / heavytail")
    for key, times in theirs.items():
        torch_ms = statistics.median(times)
        step = statistics.median(row["step_ms"] for row in ours[key])
        noisy = statistics.median(row["noisy_step_ms"] for row in ours[key])
        print(f"{key[0]:>22} {key[1]:>9} {torch_ms:>12.2f} {step:>14.2f} {noisy:>16.2f} {torch_ms / step:>21.2f}")


if __name__ == "__main__":
    main()
