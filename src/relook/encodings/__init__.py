"""Local features → codes: visual words and what is left of a descriptor beside its word."""

from relook.encodings.asmk import AsmkEncoder
from relook.encodings.bow import BagOfWordsEncoder
from relook.encodings.codebook import Codebook, load_codebook
from relook.encodings.fisher import FisherVector
from relook.encodings.hamming import HammingEncoder
from relook.encodings.joint import JointReduction
from relook.encodings.minhash import MinHash
from relook.encodings.temb import TriangulationEmbedding
from relook.encodings.vlad import Vlad

__all__ = [
    "AsmkEncoder",
    "BagOfWordsEncoder",
    "Codebook",
    "FisherVector",
    "HammingEncoder",
    "JointReduction",
    "MinHash",
    "TriangulationEmbedding",
    "Vlad",
    "load_codebook",
]
