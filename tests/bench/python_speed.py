#!/usr/bin/env python3
"""How fast heavytail.stable fills memory, beside SciPy and a vectorized Chambers-Mallows-Stuck in PyTorch.

    OPENBLAS_NUM_THREADS=1 PYTHONPATH=python /usr/bin/python3 tests/bench/python_speed.py [ALPHA]

One thread each, one process, the best of several turns that take turns; 10^7 draws (SciPy: 10^6, its time a draw does
not depend on the count; --whole: 10^7). Each fills memory that was there before, where it can. Exit 1 when heavytail
is not 60 times as fast as SciPy and 15 times as fast as PyTorch, or when a Kolmogorov-Smirnov test (against SciPy's
distribution at 2000 draws, and one sample against the other at 10^6) tells them apart at 1e-4.
"""
import math
import sys
import time

import numpy as np
import scipy.stats
import torch

import heavytail

COUNT = 10 ** 7


def chambers_mallows_stuck(alpha, v, w):
    """Symmetric, S1 parametrization; v and w are filled in place, all steps in place where PyTorch can."""
    v.uniform_(-math.pi / 2, math.pi / 2)
    w.exponential_()
    x = torch.sin(v * alpha)
    x.mul_(torch.cos(v).pow_(-1 / alpha))
    x.mul_(torch.cos(v.mul_(1 - alpha)).div_(w).pow_((1 - alpha) / alpha))
    return x


def best(functions, turns):
    seconds = [math.inf] * len(functions)
    for _ in range(turns):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            seconds[i] = min(seconds[i], time.perf_counter() - start)
    return seconds


def main():
    words = [w for w in sys.argv[1:] if w != "--whole"]
    alpha = float(words[0]) if words else 1.75
    whole = "--whole" in sys.argv
    torch.set_num_threads(1)
    generator = np.random.default_rng(1)
    scipy_count = COUNT if whole else COUNT // 10
    good = True
    for dtype, name in ((torch.float32, "float32"), (torch.float64, "float64")):
        out = np.zeros(COUNT, name)
        v, w = torch.zeros(COUNT, dtype=dtype), torch.zeros(COUNT, dtype=dtype)
        step = iter(range(10 ** 6))
        ours, cms = best([lambda: heavytail.stable(alpha, None, 1, next(step), out=out),
                          lambda: chambers_mallows_stuck(alpha, v, w)], 5)
        slow, = best([lambda: scipy.stats.levy_stable.rvs(alpha, 0, size=scipy_count, random_state=generator)], 2)
        slow *= COUNT / scipy_count
        print(f"{name}: alpha {alpha}: heavytail {1e9 * ours / COUNT:.2f} ns a draw, PyTorch {1e9 * cms / COUNT:.1f} "
              f"({cms / ours:.1f} x), SciPy {1e9 * slow / COUNT:.1f} ({slow / ours:.1f} x)")
        good = good and slow >= 60 * ours and cms >= 15 * ours
        x = np.asarray(out[:10 ** 6], np.float64)
        one = scipy.stats.kstest(x[:2000], scipy.stats.levy_stable(alpha, 0).cdf).pvalue
        two = scipy.stats.ks_2samp(x, scipy.stats.levy_stable.rvs(alpha, 0, size=10 ** 6, random_state=generator)).pvalue
        print(f"{name}: Kolmogorov-Smirnov: against the law p = {one:.3f}, against SciPy's draws p = {two:.3f}")
        good = good and min(one, two) > 1e-4
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
