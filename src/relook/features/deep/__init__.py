"""Local features from networks: the cells of a feature map, or the key points of ALIKED.

A recipe needs a whitening (of the cells) and words that were fitted on such features of one's own
photos, and names both: ``channels.local.deep.whitening`` and ``channels.local.codebook``::

    plain = load_extractor("deep", DeepSettings(weights="mobilenet-v2"))
    rows = [plain.extract(image).descriptors for image in images]
    whitening = PcaWhitening(128).fit(np.concatenate(rows))
    whitening.save(Path("whitening.safetensors"))
    Codebook.fit([whitening.transform(one) for one in rows]).save(Path("words.safetensors"))
"""

from relook.features.deep.aliked import Aliked, load_aliked
from relook.features.deep.local import DeepLocal, load_deep
from relook.features.deep.make import EXTRACTORS, load_extractor
from relook.features.deep.settings import DeepSettings

__all__ = [
    "EXTRACTORS",
    "Aliked",
    "DeepLocal",
    "DeepSettings",
    "load_aliked",
    "load_deep",
    "load_extractor",
]
