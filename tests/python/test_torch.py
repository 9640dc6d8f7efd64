"""PyTorch: tensors where they lie, steps that are those of the program, the optimizer around another."""
import copy
import os
import subprocess
import tempfile
import unittest

import numpy as np

try:
    import torch
except ImportError:
    raise unittest.SkipTest("no PyTorch (python3-torch)")

import heavytail as ht

PROGRAM = os.environ["HT_BINARY"]


def train(run, steps, *settings):
    words = [word for s in settings for word in ("--set", s)]
    subprocess.run([PROGRAM, "train", "--steps", str(steps), "--run", run, *words], check=True, capture_output=True)
    return {name: torch.tensor(np.array(w)) for name, w in ht.open_run(run).weights.items()}


def digits(folder):
    """Pictures and labels that both train on: as files of the program's npy: data."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(40, 1, 8, 8)).astype(np.float32)
    y = np.arange(40) % 3
    for part in ("train", "test"):
        np.save(os.path.join(folder, f"x_{part}.npy"), x)
        np.save(os.path.join(folder, f"y_{part}.npy"), y)
    return torch.tensor(x), torch.tensor(y)


class Tensors(unittest.TestCase):
    def test_tensors_are_filled_where_they_lie(self):
        for dtype in (torch.float32, torch.float64):
            t = torch.zeros(30, 50, dtype=dtype)
            self.assertIs(ht.stable(1.5, out=t, seed=3), t)
            self.assertTrue(np.array_equal(t.numpy(), ht.stable(1.5, (30, 50), 3)))
        for wrong in (torch.zeros(4, 6).t(), torch.zeros(3, dtype=torch.float16), torch.zeros(3, dtype=torch.int64)):
            with self.assertRaises(ht.UsageError):
                ht.stable(1.5, out=wrong)

    def test_autograd_sees_that_a_tensor_has_changed(self):
        w = torch.ones(3, 3, requires_grad=True)
        loss = (w * w).sum()
        ht.add_noise_(w, 1.5, 0.1, 0.1)
        with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
            loss.backward()

    def test_models_are_looked_at(self):
        model = torch.nn.Sequential(torch.nn.Linear(10, 40), torch.nn.ReLU(), torch.nn.Linear(40, 3))
        self.assertEqual(ht.prune_curve(model).kappa, ht.prune_curve([model[0].weight, model[2].weight]).kappa)
        half = model[0].weight.detach().bfloat16()
        self.assertEqual(ht.tail_indices(half)["mmo"].value, ht.tail_indices(half.float())["mmo"].value)
        with tempfile.TemporaryDirectory() as folder:
            ht.log(folder, 3, {"w": half}, loss=torch.tensor(1.5))
            found = ht.open_run(folder)
            self.assertTrue(np.array_equal(found.weights["w"], half.float().numpy()))
            self.assertEqual(found.metrics["loss"][0], 1.5)


class Steps(unittest.TestCase):
    """A step of the program and one of PyTorch with add_noise_ or HeavyTailed differ by the rounding of gradients."""

    COMMON = ("data.scale=none", "train.lr=0.05", "train.batch=40", "train.seed=4", "noise.scale=0.2", "noise.alpha=1.4",
              "model.bias=false")

    def compare(self, layers, make, more, kinds, steps=3, **options):
        with tempfile.TemporaryDirectory() as folder:
            x, y = digits(folder)
            common = (f"data.name=npy:{folder}", f"model.layers={layers}") + self.COMMON + more
            for kind in kinds:
                start = train(os.path.join(folder, kind + "1"), 1, f"noise.type={kind}", *common)
                end = train(os.path.join(folder, kind), 1 + steps, f"noise.type={kind}", *common)
                model = make()
                weights = [p for p in model.parameters()]
                for p, w in zip(weights, start.values()):
                    p.data.copy_(w.reshape(p.shape))
                optimizer = ht.HeavyTailed(torch.optim.SGD(model.parameters(), lr=0.05), alpha=1.4, sigma=0.2, type=kind,
                                           seed=4, step=1, **options)
                for _ in range(steps):
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
                moved = 0
                for p, w, before in zip(weights, end.values(), start.values()):
                    self.assertTrue(torch.allclose(p.data, w.reshape(p.shape), rtol=2e-5, atol=2e-6), (kind, p.shape))
                    moved = max(moved, float((w - before).abs().max()))
                self.assertGreater(moved, 0.05)  # of the noise: there is something to agree about

    def test_dense_steps_are_those_of_the_program(self):
        def make():
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 30, bias=False), torch.nn.ReLU(),
                                       torch.nn.Linear(30, 20, bias=False), torch.nn.ReLU(),
                                       torch.nn.Linear(20, 3, bias=False))
        self.compare("dense 30, dense 20", make, (), ("shared", "iid", "isotropic"))

    def test_convolutions_are_those_of_the_program(self):
        def make():
            return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, bias=False), torch.nn.ReLU(),
                                       torch.nn.Conv2d(4, 5, 3, bias=False), torch.nn.ReLU(), torch.nn.Flatten(),
                                       torch.nn.Linear(80, 3, bias=False))
        self.compare("conv 4 3x3, conv 5 3x3", make, (), ("shared",))
        self.compare("conv 4 3x3, conv 5 3x3", make, ("noise.unit=kernel", "noise.first_conv=true"), ("isotropic",),
                     unit="kernel", first_conv=True)


class Optimizer(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = torch.nn.Sequential(torch.nn.Linear(10, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))

    def wrapped(self, **options):
        return ht.HeavyTailed(torch.optim.Adam(self.model.parameters(), lr=0.01), alpha=1.5, sigma=0.1, **options)

    def step(self, optimizer):
        optimizer.zero_grad()
        self.model(torch.ones(4, 10)).sum().backward()
        optimizer.step()

    def test_only_hidden_layers_get_noise(self):
        quiet = copy.deepcopy(self.model)
        inner = torch.optim.Adam(quiet.parameters(), lr=0.01)
        quiet(torch.ones(4, 10)).sum().backward()
        inner.step()
        self.step(self.wrapped(seed=6))
        expected = ht.add_noise_(quiet[0].weight, 1.5, 0.1, 0.01, seed=6)
        self.assertTrue(torch.equal(self.model[0].weight, expected))
        for a, b in ((0, "bias"), (2, "weight"), (2, "bias")):
            self.assertTrue(torch.equal(getattr(self.model[a], b), getattr(quiet[a], b)))

    def test_schedulers_and_states_work(self):
        optimizer = self.wrapped()
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        for _ in range(3):
            self.step(optimizer)
            scheduler.step()
        self.assertEqual(optimizer.param_groups[0]["lr"], 0.01 / 8)
        saved, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(self.model.state_dict())
        self.step(optimizer)
        later = self.model[0].weight.detach().clone()
        self.model.load_state_dict(weights)
        again = self.wrapped()
        again.load_state_dict(saved)
        self.step(again)
        self.assertEqual(again.noise_step, 4)
        self.assertTrue(torch.equal(later, self.model[0].weight))

    def test_what_cannot_be_is_said(self):
        with self.assertRaisesRegex(ht.UsageError, "no layer"):
            ht.HeavyTailed(torch.optim.SGD(self.model[2].parameters(), lr=1), alpha=1.5, sigma=1)
        with self.assertRaisesRegex(ht.UsageError, "no parameter"):
            self.wrapped(layers=[torch.zeros(2, 2)])
        with self.assertRaisesRegex(ht.UsageError, "alpha"):
            ht.HeavyTailed(torch.optim.SGD(self.model.parameters(), lr=1), alpha=3, sigma=1)
        self.assertEqual(list(self.wrapped(layers={7: self.model[2].weight}).layers), [7])


if __name__ == "__main__":
    unittest.main()
