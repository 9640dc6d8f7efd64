#!/usr/bin/env python3
"""A language model as hubs give it, for `heavytail tail`: 138 tensors in bfloat16, 516 MB in four shards with their index;
15 layers of width 1024, 32 000 tokens. Weights are normal, with a few heavy directions in each matrix, so that spectra
have something to say. With --random nothing but independent normal weights, of which no spectrum may be called good.

    tests/bench/tail_model.py DIRECTORY [--random] [--layers N]

Needs numpy. 107 of the tensors are matrices, two of them over the vocabulary."""
import json, os, struct, sys
import numpy as np

WIDTH, INNER, TOKENS, SHARDS = 1024, 2816, 32000, 4


def bfloat16(x):
    bits = np.ascontiguousarray(x, dtype='<f4').view('<u4')
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype('<u2').tobytes()


def matrix(rng, rows, columns, random):
    w = rng.standard_normal((rows, columns), dtype='f4') * np.float32(0.02)
    if not random:
        side = 24
        strength = (0.02 * np.sqrt(max(rows, columns)) * 4 / np.arange(1, side + 1) ** 0.7).astype('f4')
        left = rng.standard_normal((rows, side), dtype='f4') / np.float32(np.sqrt(rows))
        right = rng.standard_normal((side, columns), dtype='f4') / np.float32(np.sqrt(columns))
        w += (left * strength) @ right
    return w


def tensors(layers):
    yield 'model.embed_tokens.weight', (TOKENS, WIDTH)
    for l in range(layers):
        at = f'model.layers.{l}.'
        yield at + 'input_layernorm.weight', (WIDTH,)
        for name in 'qkvo':
            yield at + f'self_attn.{name}_proj.weight', (WIDTH, WIDTH)
        yield at + 'post_attention_layernorm.weight', (WIDTH,)
        for name, shape in (('gate', (INNER, WIDTH)), ('up', (INNER, WIDTH)), ('down', (WIDTH, INNER))):
            yield at + f'mlp.{name}_proj.weight', shape
    yield 'model.norm.weight', (WIDTH,)
    yield 'lm_head.weight', (TOKENS, WIDTH)


def write(path, part, rng, random):
    header, at = {}, 0
    for name, shape in part:
        size = 2 * int(np.prod(shape))
        header[name] = {'dtype': 'BF16', 'shape': list(shape), 'data_offsets': [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for _, shape in part:
            values = np.ones(shape, 'f4') if len(shape) == 1 else matrix(rng, *shape, random)
            file.write(bfloat16(values))
    return at


def make(directory, random=False, layers=15):
    os.makedirs(directory, exist_ok=True)
    rng, every = np.random.default_rng(19), list(tensors(layers))
    total, where, done, parts = sum(int(np.prod(s)) for _, s in every), {}, 0, [[] for _ in range(SHARDS)]
    for name, shape in every:
        parts[min(SHARDS - 1, done * SHARDS // total)].append((name, shape))
        done += int(np.prod(shape))
    size = 0
    for i, part in enumerate(parts):
        file = f'model-{i + 1:05d}-of-{SHARDS:05d}.safetensors'
        size += write(os.path.join(directory, file), part, rng, random)
        where.update({name: file for name, _ in part})
    with open(os.path.join(directory, 'model.safetensors.index.json'), 'w') as file:
        json.dump({'metadata': {'total_size': size}, 'weight_map': where}, file)
    return len(every), size


if __name__ == '__main__':
    words = [a for a in sys.argv[1:] if not a.startswith('-')]
    layers = int(sys.argv[sys.argv.index('--layers') + 1]) if '--layers' in sys.argv else 15
    count, size = make(words[0], '--random' in sys.argv, layers)
    print(f'{count} tensors, {size / 1e6:.0f} MB')
