"""Networks get better: losses, mining, tuples, augmentation, and the loop that puts them together.

torch is imported by the modules that compute with tensors, never by this package itself.
"""
