#!/usr/bin/env python3
"""What tests/golden/tail_columns.csv holds: WeightWatcher's columns of matrices that `heavytail noise` draws, by NumPy's
singular values in double precision and the formulas of WeightWatcher (power law: plfit's distance, xmin by brute force).

    tests/bench/tail_columns.py [build/release/heavytail] > tests/golden/tail_columns.csv

The eigenvalues are those of W^T W, not divided."""
import subprocess, sys, tempfile, os
import numpy as np

program = sys.argv[1] if len(sys.argv) > 1 else 'build/release/heavytail'


def power_law(x):
    """x upwards; (alpha, D, xmin, n) of the first xmin of least distance."""
    best = None
    for i in range(len(x) - 1):
        t = x[i:]
        alpha = 1 + len(t) / np.log(t / t[0]).sum()
        d = np.abs(1 - (t / t[0]) ** (1 - alpha) - np.arange(len(t)) / len(t)).max()
        if best is None or d < best[1]:
            best = alpha, d, t[0], len(t)
    return best


def columns(w):
    s = np.linalg.svd(w.astype('f8'), compute_uv=False)[::-1]
    x = s * s
    alpha, d, xmin, n = power_law(x)
    p = x / x.sum()
    rank = int((s > s.max() * max(w.shape) * np.finfo('f4').eps).sum())
    return {'alpha': alpha, 'D': d, 'sigma': (alpha - 1) / np.sqrt(n), 'xmin': xmin, 'num_pl_spikes': n,
            'alpha_weighted': alpha * np.log10(x.max()), 'log_alpha_norm': np.log10((x ** alpha).sum()),
            'norm': x.sum(), 'log_norm': np.log10(x.sum()), 'spectral_norm': x.max(),
            'log_spectral_norm': np.log10(x.max()), 'stable_rank': x.sum() / x.max(), 'matrix_rank': rank,
            'rank_loss': min(w.shape) - rank, 'entropy': -(p * np.log(p)).sum() / np.log(rank), 'sv_max': s.max(),
            'sv_min': s.min(), 'Q': max(w.shape) / min(w.shape)}


print('alpha_of_noise,shape,seed,column,value')
for alpha, shape, seed in (('1.5', '500x300', '1'), ('2', '300x500', '2'), ('1.2', '200x200', '3'), ('1.9', '64x1000', '4')):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'w.npy')
        subprocess.run([program, 'noise', '--type', 'iid', '--alpha', alpha, '--shape', shape, '--seed', seed, '--out', path],
                       check=True, stdout=subprocess.DEVNULL)
        for name, value in columns(np.load(path)).items():
            print(f'{alpha},{shape},{seed},{name},{value:.12g}')
