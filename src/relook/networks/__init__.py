"""Tensors in, tensors out: backbones, pooling, weights, and the runtimes that execute them.

torch is imported by the modules that define networks, never by this package itself: a collection
whose networks were exported is described without it.
"""
