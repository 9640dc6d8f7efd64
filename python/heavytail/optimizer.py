"""Noise in the loops of others: an optimizer around one of PyTorch's."""
from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Optional

import torch

from heavytail._library import UsageError
from heavytail.noise import _law, _which, add_noise_


class HeavyTailed(torch.optim.Optimizer):
    """Adds sigma · lr^(1/alpha) · X after each step of an optimizer: arXiv 2306.08125, as `heavytail train` does.

        optimizer = HeavyTailed(torch.optim.SGD(model.parameters(), lr=0.05), alpha=1.75, sigma=0.05)

    optimizer: any of PyTorch's; param_groups, state and zero_grad are its own, so that schedulers may be given either.
        lr is that of the parameter's group in this step.
    alpha, sigma, type, seed: of the noise, as in stable() and add_noise_(); sigma = 0: none.
    layers: the tensors that get it, with the numbers that choose their draws: a mapping number -> parameter, or a list
        in order. By default what `heavytail train` takes: of the optimizer's parameters of two dimensions or more, which
        are numbered as they come, all but the last (the output) and, unless first_conv, the first convolution.
    unit: "filter" or "kernel": what has one draw of types shared and isotropic in a convolution (noise.unit).
    step: of the first step, to go on with a run; state_dict holds it.

    A training that takes the gradients of `heavytail train` gets the noise of that run, bit for bit. Parameters must be
    contiguous float32 or float64 on the CPU. The noise does not depend on PyTorch's generator.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, *, alpha: float, sigma: float, type: str = "iid", seed: int = 1,
                 layers: Any = None, first_conv: bool = False, unit: str = "filter", step: int = 0) -> None:
        self.optimizer = optimizer  # no super().__init__: groups and state are those of `optimizer`
        self.alpha, self.sigma, self.type, self.seed = alpha, sigma, type, seed
        self.unit, self.noise_step = unit, step
        _law(type, float(alpha))  # says now what is wrong
        _which(seed, step, 0)
        self.layers = self._default(first_conv) if layers is None else self._given(layers)
        if not self.layers:
            raise UsageError("HeavyTailed: no layer gets noise: of the parameters of two dimensions or more the last is "
                             "the output, and the first convolution is left alone; name them in layers=")

    def _parameters(self) -> Iterable[torch.Tensor]:
        return (p for group in self.optimizer.param_groups for p in group["params"])

    def _default(self, first_conv: bool) -> Dict[int, torch.Tensor]:
        numbered = dict(enumerate(p for p in self._parameters() if p.dim() >= 2))
        hidden = dict(list(numbered.items())[:-1])
        convolutions = [number for number, p in hidden.items() if p.dim() > 2]
        if convolutions and not first_conv:
            del hidden[convolutions[0]]
        return hidden

    def _given(self, layers: Any) -> Dict[int, torch.Tensor]:
        chosen = dict(layers) if isinstance(layers, dict) else dict(enumerate(layers))
        known = {id(p) for p in self._parameters()}
        for number, p in chosen.items():
            _which(0, 0, number)
            if id(p) not in known:
                raise UsageError(f"HeavyTailed: layer {number} is no parameter of the optimizer")
        return chosen

    # What schedulers and loops touch is the inner optimizer's.
    @property
    def param_groups(self) -> List[Dict[str, Any]]:  # type: ignore[override]
        return self.optimizer.param_groups

    @property
    def state(self) -> Any:  # type: ignore[override]
        return self.optimizer.state

    @property
    def defaults(self) -> Dict[str, Any]:  # type: ignore[override]
        return self.optimizer.defaults

    def __repr__(self) -> str:
        return f"HeavyTailed({self.optimizer!r}, alpha={self.alpha}, sigma={self.sigma}, type={self.type!r})"

    def __getstate__(self) -> Dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)

    def zero_grad(self, *arguments: Any, **named: Any) -> None:
        self.optimizer.zero_grad(*arguments, **named)

    def add_param_group(self, group: Dict[str, Any]) -> None:
        """Its parameters get no noise unless they are put into `layers`."""
        self.optimizer.add_param_group(group)

    def state_dict(self) -> Dict[str, Any]:
        return {**self.optimizer.state_dict(), "heavytail": {"step": self.noise_step}}

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        state = dict(state)
        self.noise_step = state.pop("heavytail", {"step": self.noise_step})["step"]
        self.optimizer.load_state_dict(state)

    def step(self, closure: Optional[Callable[[], Any]] = None) -> Any:  # type: ignore[override]
        """The optimizer's step, then the noise. Returns what the optimizer returns."""
        rates = {id(p): float(group["lr"]) for group in self.optimizer.param_groups for p in group["params"]}
        result = self.optimizer.step(closure) if closure else self.optimizer.step()
        for number, p in self.layers.items():
            if self.sigma > 0:
                add_noise_(p, self.alpha, self.sigma, rates[id(p)], self.type, self.seed, self.noise_step, number,
                           unit=self.unit)
        self.noise_step += 1
        return result
