"""Poolings from their definitions: float64 NumPy, one map (C, h, w) at a time."""

from __future__ import annotations

import math

import numpy as np


def unit(vector):
    """Length 1, or zero."""
    length = math.sqrt(float((vector**2).sum()))
    return vector / length if length else vector


def mac(one):
    return np.array([channel.max() for channel in one])


def spoc(one):
    return np.array([channel.sum() / channel.size for channel in one])


def gem(one, p=3.0, eps=1e-6):
    powers = np.broadcast_to(np.asarray(p, np.float64), len(one))
    return np.array(
        [
            float((np.maximum(channel, eps) ** p).mean()) ** (1 / p)
            for channel, p in zip(one, powers, strict=True)
        ]
    )


def crow(one, variant="paper", eps=1e-6):
    _, height, width = one.shape
    places = one.sum(0)
    if variant == "paper":
        places = np.sqrt(places / (np.sqrt((places**2).sum()) or 1))
        shares = np.array([np.count_nonzero(channel) / (height * width) for channel in one])
        channels = np.log((len(one) * eps + shares.sum()) / (eps + shares))
    else:
        channels = np.array([-math.log(eps + (channel > 0).sum()) for channel in one])
    return np.array([(one[k] * places).sum() * channels[k] for k in range(len(one))])


def mixed(one, a=0.5):
    return a * mac(one) + (1 - a) * spoc(one)


def gated(one, weights):
    gate = 1 / (1 + np.exp(-weights * spoc(one)))
    return gate * mac(one) + (1 - gate) * spoc(one)


def tree(one, leaves, gates, node=0):
    """The node of a heap; those behind the gates are leaves."""
    if node >= len(gates):
        return mixed(one, leaves[node - len(gates)])
    gate = 1 / (1 + np.exp(-gates[node] * spoc(one)))
    left, right = (tree(one, leaves, gates, 2 * node + side) for side in (1, 2))
    return gate * left + (1 - gate) * right


def netvlad(one, centers, weight, bias):
    sums = np.zeros_like(centers, np.float64)
    for row in one.reshape(len(one), -1).T:
        x = unit(row)
        scores = np.exp(weight @ x + bias)
        for k, share in enumerate(scores / scores.sum()):
            sums[k] += share * (x - centers[k])
    return unit(np.concatenate([unit(row) for row in sums]))


def rmac(one, regions, *, whole=False, weight=None, bias=None):
    """Of regions (row, column, side)."""
    parts = [one[:, y : y + side, x : x + side] for y, x, side in regions]
    total = 0.0
    for part in [one] * whole + parts:
        vector = unit(mac(part))
        total += vector if weight is None else unit(weight @ vector + bias)
    return total


def regional(one, levels=3):
    _, height, width = one.shape
    vectors = []
    for level in range(1, levels + 1):
        for i in range(level):
            for j in range(level):
                top, bottom = i / (level + 1) * height, (i + 2) / (level + 1) * height
                left, right = j / (level + 1) * width, (j + 2) / (level + 1) * width
                rows = [y for y in range(height) if y + 1 > top + 1e-9 and y < bottom - 1e-9]
                columns = [x for x in range(width) if x + 1 > left + 1e-9 and x < right - 1e-9]
                vectors.append(unit(mac(one[:, rows][:, :, columns])))
    return np.array(vectors)


def common_regions(height, width, levels):
    """R-MAC's grid in floating point, with m from 2 to 7, as published code computes it."""
    side, longer = min(height, width), max(height, width)
    steps = np.arange(2, 8)
    overlap = 1 - (longer - side) / (steps - 1) / side
    extra = 0 if height == width else 1 + int(np.argmin(np.abs(overlap - 0.4)))
    found = []
    for level in range(1, levels + 1):
        size = math.floor(2 * side / (level + 1))
        if size == 0:
            continue
        counts = [level + (extra if own == longer else 0) for own in (height, width)]
        starts = [
            [math.floor(k * ((own - size) / max(n - 1, 1)) + 1e-9) for k in range(n)]
            for own, n in zip((height, width), counts, strict=True)
        ]
        found += [(y, x, size) for y in starts[0] for x in starts[1]]
    return found


def top_k(one, weight, bias, *, k, whiten=None):
    """The sum over the k locations whose largest logit is largest; whiten is (matrix, bias)."""
    rows = [one[:, y, x] for y in range(one.shape[1]) for x in range(one.shape[2])]
    active = [max(float(w @ row + b) for w, b in zip(weight, bias, strict=True)) for row in rows]
    total = 0.0
    for place in sorted(range(len(rows)), key=lambda place: -active[place])[:k]:
        vector = unit(rows[place])
        total = total + (vector if whiten is None else whiten[0] @ vector + whiten[1])
    return total
