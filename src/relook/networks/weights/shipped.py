"""The cards that ship: those of our own weights, and of published ones, which do not ship.

A sha256 stands here only where the file was at hand. torchvision publishes the first eight digits
of it in the names of its files; those are checked. What is left open is left empty.
"""

from __future__ import annotations

from relook.networks.shipped import FOLDER
from relook.networks.spec import IMAGENET_MEAN, IMAGENET_STD
from relook.networks.weights.card import SUFFIX, Card, load_card

__all__ = ["CARDS"]

_HALF = (0.5, 0.5, 0.5)

_MOBILENETS = (
    Card(
        name="mobilenet-v2",
        file="mobilenet_v2_100.npz",
        backbone="mobilenet_v2",
        layout="mobilenet-npz",
        padding="same",
        mean=_HALF,
        std=_HALF,
        size=224,
        license="Apache-2.0",
        sha256="777144bbf9e793db0543761883c703e6e211728857298f57a122bf3d04796ec9",
        training_set="ImageNet-1k",
        notes="Batch normalization folded into the convolutions; not offered for download.",
    ),
    Card(
        name="mobilenet-v1-075",
        file="mobilenet_v1_075.npz",
        backbone="mobilenet_v1_075",
        layout="mobilenet-npz",
        padding="same",
        mean=_HALF,
        std=_HALF,
        size=224,
        sha256="e2cac5090638ec4590b74f3defd4380f86d9f65edf0a540a2a59dc72fa4b2617",
        training_set="ImageNet-1k",
        notes="Width 0.75; not offered for download.",
    ),
)

# Name, backbone, file; the digits in the file's name are the first of its sha256.
_TORCHVISION_FILES = (
    ("alexnet", "alexnet", "alexnet-owt-7be5be79.pth"),
    ("vgg16", "vgg16", "vgg16-397923af.pth"),
    ("vgg19", "vgg19", "vgg19-dcbb9e9d.pth"),
    ("resnet18", "resnet18", "resnet18-f37072fd.pth"),
    ("resnet34", "resnet34", "resnet34-b627a593.pth"),
    ("resnet50", "resnet50", "resnet50-0676ba61.pth"),
    ("resnet101", "resnet101", "resnet101-63fe2227.pth"),
    ("resnet152", "resnet152", "resnet152-394f9c45.pth"),
    ("densenet121", "densenet121", "densenet121-a639ec97.pth"),
    ("densenet169", "densenet169", "densenet169-b2777c0a.pth"),
    ("densenet201", "densenet201", "densenet201-c1103571.pth"),
    ("googlenet", "googlenet", "googlenet-1378be20.pth"),
    ("inception-v3", "inception_v3", "inception_v3_google-0cc3c7bd.pth"),
    ("mobilenet-v2-torchvision", "mobilenet_v2", "mobilenet_v2-b0353104.pth"),
)

# Ported from TensorFlow: torchvision turns its usual normalization into this one inside them.
_PORTED = ("googlenet", "inception-v3")


def _torchvision(name: str, backbone: str, file: str) -> Card:
    ported = name in _PORTED
    return Card(
        name=name,
        file=file,
        backbone=backbone,
        layout="torchvision",
        size=299 if backbone == "inception_v3" else 224,
        source="https://pytorch.org/vision/stable/models.html",
        url=f"https://download.pytorch.org/models/{file}",
        license="BSD-3-Clause (code); ImageNet's terms (weights)",
        sha256_prefix=file.rpartition("-")[2].removesuffix(".pth"),
        training_set="ImageNet-1k",
        notes="IMAGENET1K_V1. Of its sha256 the first eight digits are published.",
        mean=_HALF if ported else IMAGENET_MEAN,
        std=_HALF if ported else IMAGENET_STD,
    )


_CIRTORCH = "http://cmp.felk.cvut.cz/cnnimageretrieval/data/networks"

# Name, folder, digits at the end of the file's name, outputs of the whitening, pixels.
_CIRTORCH_FILES = (
    ("retrievalSfM120k-vgg16-gem", "retrieval-SfM-120k", "b4dcdc6", 0, 362),
    ("retrievalSfM120k-resnet101-gem", "retrieval-SfM-120k", "b80fb85", 0, 362),
    ("rSfM120k-tl-resnet50-gem-w", "retrieval-SfM-120k", "97bf910", 2048, 1024),
    ("rSfM120k-tl-resnet101-gem-w", "retrieval-SfM-120k", "a155e54", 2048, 1024),
    ("rSfM120k-tl-resnet152-gem-w", "retrieval-SfM-120k", "f39cada", 2048, 900),
    ("gl18-tl-resnet50-gem-w", "gl18", "83fdc30", 2048, 0),
    ("gl18-tl-resnet101-gem-w", "gl18", "a4d43db", 2048, 0),
    ("gl18-tl-resnet152-gem-w", "gl18", "21278d5", 2048, 0),
)


def _cirtorch(name: str, folder: str, digits: str, whitening: int, size: int) -> Card:
    sfm = folder == "retrieval-SfM-120k"
    file = f"{name}-{digits}.pth"
    return Card(
        name=name,
        file=file,
        backbone=next(part for part in name.split("-") if part.startswith(("vgg", "resnet"))),
        layout="cirtorch",
        size=size,
        source="https://github.com/filipradenovic/cnnimageretrieval-pytorch",
        url=f"{_CIRTORCH}/{folder}/{file}",
        license="MIT (code); not stated (weights)",
        training_set="retrieval-SfM-120k" if sfm else "Google Landmarks 2018",
        # The authors left the scenes of both cities out of retrieval-SfM-120k (section 6.2 of
        # Radenović's thesis); nobody left them out of the landmarks of the whole world.
        overlaps_landmarks=not sfm,
        pooling="gem",
        whitening=whitening,
        notes="No sha256 is published, and relook's authors had no copy to compute it from.",
    )


_LOCAL = (
    Card(
        name="aliked-n16",
        file="aliked-n16.pth",
        backbone="aliked-n16",
        layout="local-features",
        source="https://github.com/Shiaoming/ALIKED",
        url="https://raw.githubusercontent.com/Shiaoming/ALIKED/"
        "683d7c65197395c0b3f01ebe76e1084a27e73a65/models/aliked-n16.pth",
        license="BSD-3-Clause",
        sha256="5be8704840ed662d9d8c561bf7279c222092674e7eb05fd0feab94899e9d82f2",
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        notes="Local features: points and a descriptor for each, no vector of a picture.",
    ),
)

CARDS: dict[str, Card] = {
    card.name: card
    for card in (
        *(load_card(file) for file in sorted(FOLDER.glob(f"*{SUFFIX}"))),
        *_MOBILENETS,
        *(_torchvision(*entry) for entry in _TORCHVISION_FILES),
        *(_cirtorch(*entry) for entry in _CIRTORCH_FILES),
        *_LOCAL,
    )
}
"""By name."""
