"""``relook weights show``: what a classifier sees in a photo, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from relook.cli import console

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from relook.networks.weights import Weights

__all__ = ["show"]

_LOCATIONS = 5
_BEST = 5


def show(
    name: str, photo: Path, *, sheet: Path | None, classes: Path | None, as_json: bool
) -> None:
    """Say which classes a photo looks like, and draw where."""
    from relook.cli.sheets import check_target  # noqa: PLC0415
    from relook.networks.weights import open_weights  # noqa: PLC0415

    if sheet is not None:
        check_target(sheet)
    weights = open_weights(name)
    with console.err().status(f"looking at {photo.name} …"):
        seen = _look(weights, photo, classes)
    if sheet is not None:
        _draw(seen, weights, photo, sheet)
        console.note(f"{sheet} shows where")
    if as_json:
        found = [{"class": k, "name": title, "probability": p} for k, title, p in seen.best()]
        console.write_json({"photo": photo.as_posix(), "classes": found})
        return
    for _, title, probability in seen.best():
        console.out().print(f"{probability:6.1%}  {title}", highlight=False, markup=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    scores: NDArray[np.float32]
    names: tuple[str, ...]
    size: tuple[int, int]

    def best(self) -> list[tuple[int, str, float]]:
        """The likeliest classes of the photo as a whole: number, name, probability."""
        import numpy as np  # noqa: PLC0415

        means = self.scores.astype(np.float64).mean(axis=(1, 2))
        shares = np.exp(means - means.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")[:_BEST].tolist()
        return [(k, self.names[k] if self.names else f"class {k}", float(shares[k])) for k in order]


def _look(weights: Weights, photo: Path, classes: Path | None) -> _Seen:
    from relook.core.errors import ImageError, UsageError  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415
    from relook.networks.class_names import find_class_names, load_class_names  # noqa: PLC0415

    try:
        from relook.networks.classifier import open_classifier  # noqa: PLC0415
        from relook.training.steps.classification import photo_map  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError('showing classes needs torch: pip install "relook[networks]"') from error
    try:
        pixels = read(photo).pixels
    except ImageError as error:
        raise UsageError(f"{photo} {error}") from error
    network = open_classifier(weights)
    file = classes or find_class_names(weights.path)
    names = load_class_names(file, classes=network.dims) if file else ()
    scores, size = photo_map(network, pixels)
    return _Seen(scores, names, size)


def _draw(seen: _Seen, weights: Weights, photo: Path, sheet: Path) -> None:
    from relook.cli.sheets import LONGEST  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415
    from relook.plots import save_class_heat  # noqa: PLC0415

    classes, rows, columns = seen.scores.shape
    width, height = seen.size
    save_class_heat(
        sheet, read(photo, longest=LONGEST), seen.scores, names=seen.names,
        title=f"What {weights.card.name} sees in {photo.name}",
        note=f"{columns} × {rows} locations of {width} × {height} pixels · {classes} classes",
        locations=_LOCATIONS,
    )  # fmt: skip
