"""Diagonal Gaussian mixtures and Fisher vectors in float64, from the definition."""

from __future__ import annotations

import math

import numpy as np

from oracles.vlad import unit


def log_density(row, mean, variance):
    """ln N(x; μ, diag σ²), a component at a time."""
    total = 0.0
    for x, m, v in zip(row, mean, variance, strict=True):
        total -= 0.5 * (math.log(2 * math.pi * v) + (x - m) ** 2 / v)
    return total


def posteriors(rows, weights, means, variances):
    """γ ``(N, K)`` and the log-likelihood of each row."""
    found, likelihoods = np.zeros((len(rows), len(weights))), []
    for number, row in enumerate(rows.astype(np.float64)):
        logs = [
            math.log(weight) + log_density(row, mean, variance)
            for weight, mean, variance in zip(weights, means, variances, strict=True)
        ]
        top = max(logs)
        shares = np.exp(np.array(logs) - top)
        found[number] = shares / shares.sum()
        likelihoods.append(top + math.log(shares.sum()))
    return found, np.array(likelihoods)


def maximized(rows, shares):
    """Weights, means and variances of one M-step."""
    rows = rows.astype(np.float64)
    mass = shares.sum(0)
    means = np.array([shares[:, k] @ rows / mass[k] for k in range(len(mass))])
    variances = np.array(
        [shares[:, k] @ (rows - means[k]) ** 2 / mass[k] for k in range(len(mass))]
    )
    return mass / mass.sum(), means, variances


def fisher(rows, weights, means, variances, *, power=0.5, weight_gradients=False):
    """All gradients of the means, of the variances, of the weights; power-law; l2."""
    weights, means, variances = (part.astype(np.float64) for part in (weights, means, variances))
    shares, _ = posteriors(rows, weights, means, variances)
    first, second, zeroth = np.zeros(means.shape), np.zeros(means.shape), np.zeros(len(weights))
    for row, share in zip(rows.astype(np.float64), shares, strict=True):
        for k, gamma in enumerate(share):
            away = (row - means[k]) / np.sqrt(variances[k])
            first[k] += gamma * away / (len(rows) * math.sqrt(weights[k]))
            second[k] += gamma * (away**2 - 1) / (len(rows) * math.sqrt(2 * weights[k]))
            zeroth[k] += (gamma - weights[k]) / (len(rows) * math.sqrt(weights[k]))
    parts = [first.ravel(), second.ravel(), *([zeroth] if weight_gradients else [])]
    vector = np.concatenate(parts)
    return unit(np.sign(vector) * np.abs(vector) ** power)
