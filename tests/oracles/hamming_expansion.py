"""Hamming query expansion, word by word and bit by bit, in plain Python."""

from __future__ import annotations


def bits_of(signature):
    """±1 of every bit, the lowest of the first part first."""
    return [1 if int(part) >> place & 1 else -1 for part in signature for place in range(64)]


def enlarge(query, images, *, min_images, growth):
    """Word → ±1 per component.

    Args:
        query: pairs of word and signature of the query.
        images: for each reliable image such pairs, of what it adds.
        min_images: images that must have a new word.
        growth: most new words, as a share of the words of the query.
    """
    own = {word for word, _ in query}
    votes = {}
    for image in images:
        for word in {word for word, _ in image} - own:
            votes[word] = votes.get(word, 0) + 1
    new = sorted(
        (word for word in votes if votes[word] >= min_images), key=lambda w: (-votes[w], w)
    )
    wanted = own | set(new[: int(growth * len(own))])
    every = [pair for image in images for pair in image]
    return {word: _signs(word, query, every) for word in sorted(wanted)}


def _signs(word, query, added):
    mine = [bits_of(signature) for own, signature in query if own == word]
    theirs = [bits_of(signature) for other, signature in added if other == word]
    signs = []
    for place in range(len((mine or theirs)[0])):
        total = sum(bits[place] for bits in mine + theirs)
        tie = sum(bits[place] for bits in mine)
        signs.append(1 if (total or tie) > 0 else -1)
    return signs


def alone(query, other, *, max_distance):
    """Pairs of features that agree within so many bits, and with no other feature."""
    pairs = [
        (int(left), int(right))
        for left, word, signature in zip(query.features, query.words, query.signatures, strict=True)
        for right, own, theirs in zip(other.features, other.words, other.signatures, strict=True)
        if word == own
        and sum(a != b for a, b in zip(bits_of(signature), bits_of(theirs), strict=True))
        <= max_distance
    ]
    lefts, rights = [left for left, _ in pairs], [right for _, right in pairs]
    return [(a, b) for a, b in pairs if lefts.count(a) == 1 and rights.count(b) == 1]
