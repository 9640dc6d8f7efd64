#!/usr/bin/env python3
"""What `heavytail watch` takes: from the rename of a checkpoint to its line, and to its place on the screen of the
open lab, while nothing changes, and of memory.

    tests/bench/watch.py [build/release/heavytail] [--big]

Needs numpy. Works in a directory of its own below $TMPDIR; --big also writes 400 MB (10^8 float32) and 1 GB (bfloat16,
5 * 10^8 weights), and removes them. Idle: CPU seconds of the process over 20 s, in percent of a core."""
import fcntl, json, os, pty, select, statistics, struct, subprocess, sys, tempfile, termios, time
import numpy as np

program = next((a for a in sys.argv[1:] if not a.startswith('-')), 'build/release/heavytail')


def save(path, tensors, step):
    """Tensors: {name: (type, shape, iterable of bytes, size)}; written aside and renamed. Returns when it was complete."""
    header, at = {'__metadata__': {'step': str(step)}}, 0
    for name, (kind, shape, _, size) in tensors.items():
        header[name] = {'dtype': kind, 'shape': shape, 'data_offsets': [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path + '.tmp', 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for _, _, parts, _ in tensors.values():
            for part in parts:
                file.write(part)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + '.tmp', path)
    return time.monotonic()


def matrix(rng, rows, columns):
    x = rng.standard_normal((rows, columns), dtype='f4')
    return ('F32', [rows, columns], [x.tobytes()], 4 * rows * columns)


def cpu(pid):
    tasks = f'/proc/{pid}/task'
    return sum(int(open(f'{tasks}/{t}/schedstat').read().split()[0]) for t in os.listdir(tasks)) / 1e9


def memory(pid):
    return next(int(l.split()[1]) for l in open(f'/proc/{pid}/status') if l.startswith('VmHWM')) / 1024


def watch(directory, *options):
    return subprocess.Popen([program, 'watch', directory, '--json', *options], stdout=subprocess.PIPE, text=True)


def line_after(process, written):
    look = json.loads(process.stdout.readline())
    return time.monotonic() - written, look


def small(directory):
    rng = np.random.default_rng(1)
    process, times = watch(directory), []
    time.sleep(1)
    for step in range(20):
        tensors = {'fc1.weight': matrix(rng, 300, 784), 'fc2.weight': matrix(rng, 150, 300)}
        seconds, look = line_after(process, save(f'{directory}/step-{step:08d}.safetensors', tensors, step))
        assert look['step'] == step
        times.append(seconds)
        time.sleep(0.2)
    print(f'280 000 weights: median {statistics.median(times):.3f} s, slowest {max(times):.3f} s of 20')
    time.sleep(1)
    before, began = cpu(process.pid), time.monotonic()
    time.sleep(20)
    share = (cpu(process.pid) - before) / (time.monotonic() - began)
    print(f'idle: {100 * share:.4f} % of a core')
    process.terminate()


def lab(directory):
    """The open lab in a terminal of 120 x 40: from the rename of a checkpoint until its step stands in the title line.
    Steps are 1111, 2222 ..., so that all digits change and the terminal is told all of them."""
    rng = np.random.default_rng(4)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM='xterm-256color', LANG='C.UTF-8')
        os.execv(program, [program, 'watch', directory])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
    seen, times = b'', []

    def read(seconds):
        nonlocal seen
        if select.select([terminal], [], [], seconds)[0]:
            seen += os.read(terminal, 1 << 16)

    end = time.monotonic() + 3
    while time.monotonic() < end:
        read(0.1)
    for digit in range(1, 10):
        tensors = {'fc1.weight': matrix(rng, 300, 784), 'fc2.weight': matrix(rng, 150, 300)}
        seen = b''
        written = save(f'{directory}/model.safetensors', tensors, 1111 * digit)
        while str(111 * digit).encode() not in seen and time.monotonic() < written + 10:
            read(0.01)
        times.append(time.monotonic() - written)
        read(0.5)
    print(f'the lab shows 280 000 weights: median {statistics.median(times):.3f} s, slowest {max(times):.3f} s of 9')
    end = time.monotonic() + 3
    while time.monotonic() < end:
        read(0.1)
    before, began, seen = cpu(pid), time.monotonic(), b''
    while time.monotonic() < began + 20:
        read(1)
    share = (cpu(pid) - before) / (time.monotonic() - began)
    print(f'the lab idle: {100 * share:.4f} % of a core, {len(seen)} bytes to the terminal, {memory(pid):.0f} MB')
    os.write(terminal, b'q')
    began = time.monotonic()
    while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < began + 10:
        try:
            read(0.01)
        except OSError:  # the terminal is closed
            time.sleep(0.005)
    print(f'the lab left after {time.monotonic() - began:.2f} s')


def big(directory):
    rng = np.random.default_rng(2)
    for name, tensors in (('25 layers', {f'l{i}.weight': matrix(rng, 2000, 2000) for i in range(25)}),
                          ('1 layer', {'l.weight': matrix(rng, 10000, 10000)})):
        process = watch(directory, '--memory', '256M')
        time.sleep(1)
        path = f'{directory}/model.safetensors'
        times = []
        for step in range(3):
            seconds, _ = line_after(process, save(path, tensors, step))
            times.append(seconds)
        print(f'10^8 weights, {name}: {", ".join(f"{t:.2f}" for t in times)} s, {memory(process.pid):.0f} MB of 256')
        process.terminate()
        process.wait()
        os.remove(path)


def bfloat(directory, limit):
    rng = np.random.default_rng(3)
    rows, columns, layers = 8192, 8192, 8
    piece = (rng.standard_normal((1024, columns), dtype='f4').view('<u4') >> 16).astype('<u2').tobytes()
    tensors = {f'l{i}.weight': ('BF16', [rows, columns], [piece] * 8, 2 * rows * columns) for i in range(layers)}
    path = f'{directory}/model.safetensors'
    process = watch(directory, '--memory', f'{limit}M')
    time.sleep(1)
    seconds, look = line_after(process, save(path, tensors, 1))
    print(f'{os.path.getsize(path) / 2**30:.2f} GB of bf16, --memory {limit}M: {seconds:.2f} s, {memory(process.pid):.0f} MB, '
          f'tails of {look["layers"][0]["tail_rows"]} of {rows} rows')
    process.terminate()
    process.wait()
    os.remove(path)


with tempfile.TemporaryDirectory() as top:
    os.mkdir(top + '/run')
    small(top + '/run')
    os.mkdir(top + '/lab')
    lab(top + '/lab')
    if '--big' in sys.argv:
        os.mkdir(top + '/big')
        big(top + '/big')
        for limit in (96, 256):
            bfloat(top + '/big', limit)
