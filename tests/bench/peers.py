#!/usr/bin/python3
"""The published loop (PyTorch SGD + SciPy's levy_stable) beside heavytail.

Needs Debian's python3-torch, python3-scipy and python3-numpy, hence
/usr/bin/python3; and heavytail, built: $HT_BINARY, or ./heavytail at the top
of the source tree.

The two take turns on the same cores within one run, each in processes of its
own, and what is printed are medians and their ratios. Nothing is asserted: the
exit status is 0 whatever the ratios are, and 1 if something is missing or
fails.

The peer is measured twice: as it comes, and with OMP_WAIT_POLICY=passive.
PyTorch's main and backward threads have an OpenMP pool each, and as they come
the threads of the idle pool spin on the cores that the other one needs.
PEERS_KEEP_CORETYPE=1 leaves OPENBLAS_CORETYPE as it is in the environment.
"""
import argparse
import ctypes
import importlib.util
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

INPUTS, BATCH, CLASSES, ALPHA = 784, 100, 10, 1.75
# Those of `heavytail bench step`: small, so that no network diverges.
LR, SIGMA = 1e-5, 1e-3
NOISE_SCALE = SIGMA * LR ** (1 / ALPHA)
DRAWS = 10 ** 6
ROUNDS = 2
SECONDS = 0.7  # a slow measure ends here, once it has two times
POLICIES = ("default", "passive")
WIDTHS = (1000, 10000, 100000)  # those of `heavytail bench step`
ASKED_WIDTH = 10000

# key: label, unit, (part, noise type) of heavytail's bench, ratio asked for
MEASURES = {
    "none": ("step, no noise", "ms", ("step", "none"), 3.5),
    "shared": ("step, shared", "ms", ("step", "shared"), 15),
    "isotropic": ("step, isotropic", "ms", ("step", "isotropic"), 20),
    "iid": ("step, iid", "ms", ("step", "iid"), 60),
    "cms": ("step, iid, CMS in torch", "ms", ("step", "iid"), 12),
    "cms_inplace": ("same, in place", "ms", ("step", "iid"), 12),
    "rvs": ("an iid draw, one thread", "ns", ("noise", "iid"), 70),
}


def fail(message):
    sys.exit(f"peers.py: {message}")  # to stderr, with status 1


# ---- the machine

def cpuinfo(key):
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def openblas_core():
    """The kernels this CPU should get, as src/num/linalg.c decides; None if
    OpenBLAS has nothing to be told."""
    flags = set(cpuinfo("flags").split())
    if not {"avx2", "fma"} <= flags:
        return None
    avx512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}
    return "SkylakeX" if avx512 <= flags else "Haswell"


def environment(threads, policy="default"):
    """What a child runs in, heavytail and peer alike. OpenBLAS 0.3.21 takes
    new CPUs for old ones, and reads its variables only while it is loaded."""
    env = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads),
               OMP_NUM_THREADS=str(threads))
    core = openblas_core()
    if core and os.environ.get("PEERS_KEEP_CORETYPE") != "1":
        env["OPENBLAS_CORETYPE"] = core
    env.pop("OMP_WAIT_POLICY", None)
    if policy != "default":
        env["OMP_WAIT_POLICY"] = policy
    return env


def run(command, env, hint):
    try:
        return subprocess.run(command, env=env, check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"{error}; {hint}")


# ---- heavytail

def heavytail(env, *arguments):
    tree = pathlib.Path(__file__).resolve().parents[2]
    binary = os.environ.get("HT_BINARY") or tree / "heavytail"
    return run([binary, *arguments], env,
               "build heavytail with `make`, or set HT_BINARY")


def bench_heavytail(env, width):
    """{(part, noise type): ms a step or ns a draw} of one run."""
    steps = json.loads(heavytail(env, "bench", "step", "--json"))["step"]
    draws = json.loads(heavytail(env, "bench", "noise", "--json"))["noise"]
    found = {("step", row["noise"]): row["step_ms"] for row in steps
             if (row["width"], row["batch"]) == (width, BATCH)}
    found.update({("noise", row["type"]): row["ns_per_sample"]
                  for row in draws if row["threads"] == 1})
    return found


# ---- the published loop, in a process of its own: `peers.py --worker`

def load_peers():
    # Not at the top: only the workers, in their environment, load OpenBLAS.
    global numpy, scipy, torch, levy_stable
    import numpy
    import scipy
    import torch
    from scipy.stats import levy_stable


def to_torch(draws):
    # As the published loop does: doubles, scaled in NumPy, go into the float
    # weights as they are.
    return torch.from_numpy(NOISE_SCALE * draws)


def shared_noise(rows, columns):
    return to_torch(levy_stable.rvs(ALPHA, 0, size=(rows, 1)))


def iid_noise(rows, columns):
    return to_torch(levy_stable.rvs(ALPHA, 0, size=(rows, columns)))


def isotropic_noise(rows, columns):
    scale = math.cos(math.pi * ALPHA / 4) ** (2 / ALPHA)
    a = levy_stable.rvs(ALPHA / 2, 1, loc=0, scale=scale, size=(rows, 1))
    g = numpy.random.standard_normal((rows, columns))
    return to_torch(numpy.sqrt(a) * g)


# Chambers-Mallows-Stuck in float32. The angle stops short of pi/2, where the
# float32 cosine is negative and its power not a number.
ANGLE = 3.14159


def cms_noise(rows, columns):
    u = ANGLE * (torch.rand(rows, columns) - 0.5)
    e = -torch.log(1 - torch.rand(rows, columns))
    x = (torch.sin(ALPHA * u) / torch.cos(u) ** (1 / ALPHA)
         * (torch.cos((1 - ALPHA) * u) / e) ** ((1 - ALPHA) / ALPHA))
    return NOISE_SCALE * x


def cms_inplace_noise(rows, columns):
    """The same by someone who knows what fresh 30 MB tensors cost."""
    u = torch.rand(rows, columns).sub_(0.5).mul_(ANGLE)
    e = torch.rand(rows, columns).neg_().log1p_().neg_()
    x = (u * (1 - ALPHA)).cos_().div_(e).pow_((1 - ALPHA) / ALPHA)
    x.mul_(torch.mul(u, ALPHA, out=e).sin_())
    return x.mul_(u.cos_().pow_(-1 / ALPHA)).mul_(NOISE_SCALE)


def training_step(width, noise):
    """A function that makes one step of f(x) = W2 relu(W1 x)."""
    hidden = torch.nn.Linear(INPUTS, width, bias=False)
    output = torch.nn.Linear(width, CLASSES, bias=False)
    net = torch.nn.Sequential(hidden, torch.nn.ReLU(), output)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    x = torch.randn(BATCH, INPUTS)
    labels = torch.randint(CLASSES, (BATCH,))

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()
        if noise:
            with torch.no_grad():
                hidden.weight.add_(noise(width, INPUTS))
    return step


def peer_calls(width):
    """{measure: (function to time, what turns its seconds into the unit)}"""
    noises = {"none": None, "shared": shared_noise, "iid": iid_noise,
              "isotropic": isotropic_noise, "cms": cms_noise,
              "cms_inplace": cms_inplace_noise}
    calls = {key: (training_step(width, noise), 1e3)
             for key, noise in noises.items()}
    calls["rvs"] = (lambda: levy_stable.rvs(ALPHA, 0, size=DRAWS),
                    1e9 / DRAWS)
    return calls


def timed(call, repeats):
    call()  # warms up
    seconds = []
    while len(seconds) < repeats and (len(seconds) < 2
                                      or sum(seconds) < SECONDS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


def blas_in_use():
    """Core of the OpenBLAS that this process has loaded."""
    maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
    for path in (line.split()[-1] for line in maps):
        if "/libopenblas" in path:
            corename = ctypes.CDLL(path).openblas_get_corename
            corename.restype = ctypes.c_char_p
            return f"OpenBLAS core {corename().decode()}"
    return "no OpenBLAS: ratios against a reference BLAS mean little"


def worker(width, steps):
    load_peers()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    about = [f"torch {torch.__version__}", f"scipy {scipy.__version__}",
             f"numpy {numpy.__version__}", blas_in_use(),
             f"{torch.get_num_threads()} threads"]
    times = {key: [factor * s for s in timed(call, steps)]
             for key, (call, factor) in peer_calls(width).items()}
    json.dump({"about": ", ".join(about), "times": times}, sys.stdout)


# ---- side by side

def check_packages():
    missing = [name for name in ("torch", "scipy", "numpy")
               if importlib.util.find_spec(name) is None]
    if missing:
        fail(f"{sys.executable} has no {', '.join(missing)}: install Debian's "
             "python3-torch, python3-scipy and python3-numpy, and run this "
             "with /usr/bin/python3")


def bench_peer(env, width, steps):
    return json.loads(run([sys.executable, __file__, "--worker", "--width",
                           str(width), "--steps", str(steps)], env,
                          "the loop in PyTorch failed"))


def measure(width, steps, threads):
    """Both in turns, heavytail first and last."""
    env = environment(threads)
    ours = [bench_heavytail(env, width)]
    theirs = {policy: [] for policy in POLICIES}
    for _ in range(ROUNDS):
        for policy in POLICIES:
            theirs[policy].append(
                bench_peer(environment(threads, policy), width, steps))
        ours.append(bench_heavytail(env, width))
    about = {"heavytail": ", ".join(heavytail(env, "--version").splitlines()),
             "peer": theirs["default"][0]["about"]}
    return about, [table_row(key, ours, theirs, width) for key in MEASURES]


def table_row(key, ours, theirs, width):
    label, unit, bench_key, asked = MEASURES[key]
    row = {"measure": key, "label": label, "unit": unit,
           "heavytail": statistics.median(one[bench_key] for one in ours),
           "asked": asked if width == ASKED_WIDTH or unit == "ns" else None}
    for policy in POLICIES:
        times = [t for one in theirs[policy] for t in one["times"][key]]
        value = statistics.median(times)
        row[policy] = {"peer": value, "ratio": value / row["heavytail"]}
    return row


def print_table(report):
    print(f"{report['cpu']}, {report['threads']} threads; width "
          f"{report['width']}, inputs {INPUTS}, batch {BATCH}, alpha {ALPHA}")
    print(f"heavytail: {report['heavytail']}\npeer: {report['peer']}\n")
    print(f"{'measure':<26}{'heavytail':>13}{'peer':>13}{'ratio':>8}"
          f"{'asked':>8}{'passive peer':>16}{'ratio':>8}")
    for row in report["rows"]:
        unit, (plain, passive) = row["unit"], (row[p] for p in POLICIES)
        print(f"{row['label']:<26}{row['heavytail']:>10.2f} {unit}"
              f"{plain['peer']:>10.2f} {unit}{plain['ratio']:>8.1f}"
              f"{row['asked'] or '-':>8}"
              f"{passive['peer']:>13.2f} {unit}{passive['ratio']:>8.1f}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="heavytail beside PyTorch SGD + scipy.stats.levy_stable")
    parser.add_argument("--steps", type=int, default=20,
                        help="timed steps of each kind in each of "
                        f"{ROUNDS} rounds, at most (default: %(default)s)")
    parser.add_argument("--width", type=int, choices=WIDTHS,
                        default=ASKED_WIDTH, help="default: %(default)s")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", action="store_true",
                        help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steps < 1:
        parser.error("--steps: at least 1")
    return arguments


def main():
    arguments = parse_arguments()
    check_packages()
    if arguments.worker:
        worker(arguments.width, arguments.steps)
        return
    threads = len(os.sched_getaffinity(0))
    about, rows = measure(arguments.width, arguments.steps, threads)
    report = {"cpu": cpuinfo("model name") or platform.machine(),
              "threads": threads, "width": arguments.width, **about,
              "rows": rows}
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        print_table(report)


if __name__ == "__main__":
    main()
