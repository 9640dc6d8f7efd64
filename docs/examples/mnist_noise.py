#!/usr/bin/env python3
"""A CNN that PyTorch trains on MNIST, with α-stable noise of type II, watched while it trains.

    python3 mnist_noise.py --data DIR --run runs/mnist        # DIR holds train-images-idx3-ubyte.gz and its like
    heavytail watch runs/mnist                                # in another terminal, meanwhile
    heavytail tail runs/mnist                                 # afterwards: the same α̂ as printed here
    heavytail prune runs/mnist --data mnist --layers "conv 8 5x5, pool 2, conv 16 5x5, pool 2, dense 100"   # the same κ

Needs python3-torch and python3-numpy. Noise goes to the second convolution and the hidden dense layer, as `heavytail
train` has it: not to the first convolution, which reads the pictures, nor to the output.
"""
import argparse
import gzip
import os

import numpy as np
import torch

import heavytail

LAYERS = "conv 8 5x5, pool 2, conv 16 5x5, pool 2, dense 100"  # the same network in the words of heavytail


def read_idx(folder, name):
    """An array of the IDX format (yann.lecun.com/exdb/mnist): magic number, sides, bytes."""
    path = os.path.join(folder, name)
    with gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb") as file:
        magic = file.read(4)
        sides = np.frombuffer(file.read(4 * magic[3]), ">u4")
        return np.frombuffer(file.read(), np.uint8).reshape(sides)


def load(folder, part, limit):
    pictures, labels = read_idx(folder, f"{part}-images-idx3-ubyte"), read_idx(folder, f"{part}-labels-idx1-ubyte")
    x = (pictures[:limit, None].astype(np.float32) / 255 - 0.1307) / 0.3081
    return torch.from_numpy(x), torch.from_numpy(labels[:limit].astype(np.int64))


def make_network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(256, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))


def accuracy(model, x, y):
    with torch.no_grad():
        return float(np.mean([(model(a).argmax(1) == b).float().mean() for a, b in zip(x.split(1000), y.split(1000))]))


def train(model, x, y, test, options):
    optimizer = heavytail.HeavyTailed(torch.optim.SGD(model.parameters(), lr=options.lr), alpha=options.alpha,
                                      sigma=options.sigma, type="iid", seed=options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    for step in range(1, options.steps + 1):
        batch = torch.randint(len(x), (options.batch,), generator=generator)
        loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % options.every == 0 and step < options.steps:
            heavytail.log(options.run, step, model, loss=loss, test_accuracy=accuracy(model, *test))
    return float(loss)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.path.join(os.environ.get("HEAVYTAIL_DATA", "."), "mnist"))
    parser.add_argument("--run", default="runs/mnist", help="directory that is logged to")
    for name, kind, value in (("steps", int, 2000), ("batch", int, 100), ("every", int, 50), ("lr", float, 0.05),
                              ("alpha", float, 1.6), ("sigma", float, 0.006), ("seed", int, 1), ("limit", int, 60000)):
        parser.add_argument("--" + name, type=kind, default=value)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    x, y = load(options.data, "train", options.limit)
    test = load(options.data, "t10k", options.limit)
    model = make_network()
    loss = train(model, x, y, test, options)

    found = {"test_accuracy": accuracy(model, *test)}
    for name, weight in model.state_dict().items():
        if weight.dim() > 1:
            best = heavytail.tail_indices(weight)["mmo"]
            found["alpha " + name] = best.value
            print(f"{name:10} {str(tuple(weight.shape)):18} alpha {best.value:.3f} ({best.low:.2f} to {best.high:.2f}): {best.quality}")
    curve = heavytail.prune_curve(model, *test, layers=LAYERS)
    found["kappa"] = curve.kappa
    print(f"accuracy {found['test_accuracy']:.4f}; kappa {curve.kappa:.4f} of {curve.units} {curve.unit}, accuracy there "
          f"{curve.kappa_accuracy:.4f}")
    heavytail.log(options.run, options.steps, model, loss=loss, **found)


if __name__ == "__main__":
    main()
