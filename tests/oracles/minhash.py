"""Min-hash, one element and one hash function at a time, in plain Python integers."""

from __future__ import annotations

import math

import numpy as np

MOST = (1 << 64) - 1


def mix(value):
    """The finalizer of SplitMix64 (Steele, Lea, Flood, 2014)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MOST
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MOST
    return value ^ (value >> 31)


def functions(count, bits, parts, seed):
    """Seed of each hash function, and the bits of a signature that it looks at, as integers."""
    seeds = np.random.default_rng([seed, 0]).integers(0, 1 << 64, count, np.uint64)
    order = np.random.default_rng([seed, 1]).random((count, 64 * parts)).argsort(axis=1)
    masks = [[sum(1 << int(b % 64) for b in row[:bits] if b // 64 == part) for part in range(parts)]
             for row in order]  # fmt: skip
    return [int(value) for value in seeds], masks


def sketches(words, signatures, *, count, size, bits, seed, weights=None):
    """A list of ``count`` sketches."""
    parts = signatures.shape[1] if bits else 0
    seeds, masks = functions(count * size, bits, parts, seed)
    out = []
    for number in range(count):
        sketch = 0
        for function in range(number * size, (number + 1) * size):
            hashes = []
            for row, word in enumerate(words.tolist()):
                value = mix(seeds[function] ^ word)
                for part in range(parts):
                    value = mix(value ^ (int(signatures[row, part]) & masks[function][part]))
                score = float(value)
                if weights is not None:
                    score = -math.log((score + 0.5) / 2.0**64) / float(weights[row])
                hashes.append((score, value))
            sketch = mix(sketch ^ min(hashes)[1]) | 1
        out.append(sketch)
    return out
