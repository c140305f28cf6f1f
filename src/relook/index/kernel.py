"""The match kernel: what one pair of features of the same visual word is worth."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.core.numba_cache import compiled
from relook.core.records import Aggregate

__all__ = ["COUNTS", "Kernel", "Value", "check_weights"]

Value = Literal["", "tf", "sqrt", "log", "one"]
COUNTS = 256
"""Counts of a word are bytes; 255 and more are 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """Setting of K(X, Y) = γ(X) γ(Y) Σ_c w_c Σ_{x ∈ X_c} Σ_{y ∈ Y_c} σ(x, y).

    One kernel covers the family, from words alone to residuals:

    ============== ====================================== =====================================
    encoding       a row of an image                      σ
    ============== ====================================== =====================================
    bag of words   a word and its count n, each once      v(n_x) v(n_y)
    HE             a feature's word and signature         1, or exp(-h² / sigma²), for h ≤ H
    SMK*, SMK      a feature's word and binary or float   sign(u) |u|^α for u > τ
                   residual
    ASMK*, ASMK    a word and the sum of its residuals    sign(u) |u|^α for u > τ
    ============== ====================================== =====================================

    **Residuals.** σ(u) = sign(u) |u|^α for u > τ, else 0; γ(X) = K(X, X)^-½, so that every image is
    worth 1 to itself. With one vector per word (ASMK) that is (Σ_c w_c)^-½ over the words of X. An
    image with K(X, X) ≤ 0 (no rows, or only words of weight 0) matches nothing.

    Binary vectors have u = 1 - 2 h / bits with Hamming distance h; float vectors are l2-normalized
    and u is their inner product. Since u > τ is strict, "h ≤ H" is τ = 1 - (2 H + 1) / bits.

    With ``burst``, a repeated structure of an image no longer votes once per repetition: for one
    row x of the query and one image, each match of strength s = σ(u) counts s · (s / t)^½ instead
    of s, where t is the sum of the strengths of all matches of x in that image. So n equal matches
    count √n times one. γ follows the same rule, X being both query and image.

    **Bag of words**, see :meth:`bag_of_words`: with w_c = idf_c², K is the cosine of tf-idf
    vectors.

    **Hamming embedding**, see :meth:`hamming`: with w_c = idf_c² and γ(X) = (Σ_c w_c n_c²)^-½ for
    n_c rows of word c, the length of the tf-idf vector (``norm = "words"``).

    Attributes:
        words: number of visual words of the codebook.
        bits: bits of a signature (a multiple of 64), or the dimensions of a float vector; 1 of a
            count.
        binary: signatures (SMK*, ASMK*, HE) or float vectors (SMK, ASMK).
        alpha: exponent α ≥ 0.
        threshold: τ, from -1 and below 1; ``burst`` needs τ ≥ 0.
        burst: normalize repeated matches within an image.
        sigma: of the Gaussian of the Hamming distance, in bits, in place of α; 0 for none.
        norm: γ by what an image is worth to itself, or by its ``words``.
        value: v of a count n: ``tf`` n, ``sqrt`` √n, ``log`` ln(1 + n), ``one`` min(n, 1); empty
            where rows are vectors.

    Raises:
        UsageError: a value is out of its range, or some do not go together.

    Source: Sivic, Zisserman, "Video Google", ICCV 2003 (bag of words); Jégou, Douze, Schmid,
    "Hamming embedding and weak geometric consistency", ECCV 2008, and "Improving bag-of-features
    for large scale image search", IJCV 2010 (HE, its Gaussian); Tolias, Avrithis, Jégou, "To
    aggregate or not to aggregate", ICCV 2013; ``burst`` and ``sqrt``: Jégou, Douze, Schmid, "On the
    burstiness of visual elements", CVPR 2009 (intra-image burstiness).
    """

    words: int
    bits: int
    binary: bool = True
    alpha: float = 3.0
    threshold: float = 0.0
    burst: bool = False
    sigma: float = 0.0
    norm: Literal["self", "words"] = "self"
    value: Value = ""

    def __post_init__(self) -> None:
        lowest = 0.0 if self.burst else -1.0
        if not 1 <= self.words < 1 << 31:
            raise UsageError(f"words must be at least 1 and below 2^31, not {self.words}")
        if self.bits < 1 or (self.binary and self.bits % 64):
            raise UsageError(f"bits must be a positive multiple of 64, not {self.bits}")
        if not 0 <= self.alpha < np.inf:
            raise UsageError(f"alpha must be 0 or more, not {self.alpha}")
        if not lowest <= self.threshold < 1:
            raise UsageError(f"threshold must be from {lowest:g} to below 1, not {self.threshold}")
        if not 0 <= self.sigma < np.inf:
            raise UsageError(f"sigma must be 0 or more bits, not {self.sigma}")
        if self.sigma and not self.binary:
            raise UsageError("sigma is of Hamming distances; float vectors take alpha")
        if self.norm not in ("self", "words"):
            raise UsageError(f'norm must be "self" or "words", not {self.norm!r}')
        if self.value not in get_args(Value):
            choices = ", ".join(get_args(Value)[1:])
            raise UsageError(f"the value of a count must be one of {choices}, not {self.value!r}")
        plain = (self.bits, self.binary, self.alpha, self.threshold, self.burst, self.norm)
        if self.value and plain != (1, False, 1.0, 0.0, False, "self"):
            raise UsageError("counts have nothing else to set; use Kernel.bag_of_words")

    @classmethod
    def bag_of_words(cls, words: int, *, value: Value = "tf") -> Self:
        """Cosine of tf-idf vectors, for w_c = idf_c².

        Database images are ``(M, 1)`` uint8 counts, each word once; queries those, or float32
        weights from soft or multiple assignment.

        Args:
            words: number of visual words.
            value: of a count; ``sqrt`` and ``log`` keep repeated structures from outvoting others.
        """
        return cls(words=words, bits=1, binary=False, alpha=1.0, value=value)

    @classmethod
    def hamming(
        cls,
        words: int,
        *,
        bits: int = 64,
        max_distance: int = 24,
        sigma: float = 16.0,
        burst: bool = False,
    ) -> Self:
        """Hamming embedding, for w_c = idf_c².

        Args:
            words: number of visual words.
            bits: of a signature.
            max_distance: H, from which on features do not match; less than half of the bits.
            sigma: of the Gaussian weight of a match; 0 weighs all matches alike.
            burst: normalize repeated matches within an image.
        """
        if not 0 <= max_distance < bits / 2:
            raise UsageError(f"max_distance must be 0 or more and less than {bits / 2:g}")
        return cls(
            words=words,
            bits=bits,
            alpha=0.0,
            threshold=1.0 - (2 * max_distance + 1) / bits,
            burst=burst,
            sigma=sigma,
            norm="words",
        )

    @property
    def width(self) -> int:
        """Columns of a vector: 64-bit words of a signature, dimensions, or one count."""
        return self.bits // 64 if self.binary else self.bits

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of what is stored: uint64 or float32 vectors, uint8 counts."""
        if self.value:
            return np.dtype(np.uint8)
        return np.dtype(np.uint64 if self.binary else np.float32)

    @property
    def described(self) -> dict[str, Any]:
        """All that decides scores, as JSON; what came later is left out where it is not used."""
        unused = {"sigma": 0.0, "norm": "self", "value": ""}
        return {k: v for k, v in asdict(self).items() if k not in unused or v != unused[k]}

    def table(self) -> NDArray[np.float32]:
        """σ for every Hamming distance, ``(bits + 1,)`` float32; v for every count, ``(256,)``."""
        if self.value:
            return self.values(np.arange(COUNTS, dtype=np.float64))
        distance = np.arange(self.bits + 1)
        u = 1.0 - 2.0 * distance / self.bits
        if self.sigma:
            strength = np.exp(-((distance / self.sigma) ** 2))
        else:
            strength = np.sign(u) * np.abs(u) ** self.alpha
        return np.where(u > self.threshold, strength, 0.0).astype(np.float32)

    def values(self, counts: NDArray[Any]) -> NDArray[np.float32]:
        """The values of counts, or of the weights of a query, in the same shape."""
        exact = np.asarray(counts, np.float64)
        if self.value == "sqrt":
            exact = np.sqrt(exact)
        elif self.value == "log":
            exact = np.log1p(exact)
        elif self.value == "one":
            exact = np.minimum(exact, 1.0)
        return exact.astype(np.float32)

    def check(self, name: str, aggregate: Aggregate, *, query: bool = False) -> None:
        """Raise unless ``aggregate`` can be compared by this kernel.

        Raises:
            ShapeError: its vectors have another type or width, or are not finite.
            UsageError: its words are not sorted, or not of this codebook, or a count is negative.
        """
        vectors, words = aggregate.vectors, aggregate.words
        check_array(f"vectors of {name}", vectors, shape=(None, self.width), dtype=None)
        weighted = bool(self.value) and query and vectors.dtype == np.float32
        if vectors.dtype != self.dtype and not weighted:
            have = vectors.dtype.name
            raise ShapeError(f"vectors of {name} must be {self.dtype.name}, not {have}")
        if vectors.dtype == np.float32:
            check_finite(f"vectors of {name}", vectors.view(np.float32))
        smallest = _smallest_step(words)
        if len(words) and (words[0] < 0 or words[-1] >= self.words or smallest < 0):
            raise UsageError(
                f"words of {name} must be sorted and from 0 to {self.words - 1}; encode it with "
                "the codebook of this index"
            )
        if self.value and smallest == 0:
            raise UsageError(f"{name} names a word twice; add up its counts")
        if weighted and np.any(vectors < 0):
            raise UsageError(f"{name} has negative weights of words; weights are 0 or more")


@compiled()
def _smallest_step(words: NDArray[np.int32]) -> int:
    """From one word to the next, 1 where there are none; once per image, so it must be quick."""
    smallest = 1
    for row in range(1, len(words)):
        smallest = min(smallest, int(words[row]) - int(words[row - 1]))
    return smallest


def check_weights(weights: NDArray[np.float32] | None, *, words: int) -> NDArray[np.float32]:
    """A copy of the weights w_c, ``(words,)`` float32; ones for None.

    Raises:
        ShapeError: wrong shape or type, or not finite.
        UsageError: a weight is negative.
    """
    if weights is None:
        return np.ones(words, np.float32)
    check_array("weights", weights, shape=(words,), dtype=np.float32)
    check_finite("weights", weights)
    if np.any(weights < 0):
        raise UsageError("weights must not be negative; use an idf that is clipped at 0")
    return weights.copy()
