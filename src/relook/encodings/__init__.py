"""Local features → codes: visual words and what is left of a descriptor beside its word."""

from relook.encodings.asmk import AsmkEncoder
from relook.encodings.bow import BagOfWordsEncoder
from relook.encodings.codebook import Codebook, load_codebook
from relook.encodings.hamming import HammingEncoder

__all__ = ["AsmkEncoder", "BagOfWordsEncoder", "Codebook", "HammingEncoder", "load_codebook"]
