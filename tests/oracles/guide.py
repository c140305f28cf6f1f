"""A collection and its recognizer whose pictures are texts, for tests of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relook.collection.records import AddReport, Hit, Info, Progress, Quarantined, Recognition
from relook.core.errors import ImageError
from relook.core.records import Box
from relook.recognition.records import Alternative, Verdict


class TextCalibration:
    def to_json(self) -> dict[str, Any]:
        return {"threshold": 0.5}


class TextGuide:
    """Similarity is the share of letters that two texts have in common."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contents: dict[str, list[Path]] = {}
        self.marked: dict[int, tuple[str, ...]] = {}
        self.bad: list[Path] = []
        self.writes = 0
        self.log: list[Any] = []

    def add(self, paths: Sequence[Path], *, jobs: int | None, progress: Any) -> AddReport:
        for number, path in enumerate(paths, start=1):
            text = path.read_text(encoding="utf-8")
            if not text:
                self.bad.append(path)
            elif path not in self.contents.get(text, []):
                self.contents.setdefault(text, []).append(path)
            progress(Progress(len(paths), number, len(self.bad), 0, 1.0, path.name))
        return AddReport(added=len(self.contents), seconds=1.0)

    def ids_of(self, pictures: Sequence[Path]) -> list[int]:
        wanted = set(pictures)
        assert wanted <= {file for files in self.contents.values() for file in files}
        every = enumerate(self.contents.values(), start=1)
        return [content for content, files in every if wanted.intersection(files)]

    def files_of(self, content: int) -> list[Path]:
        return list(self.contents.values())[content - 1]

    def labelled(self) -> dict[int, tuple[str, ...]]:
        return {content: labels for content, labels in self.marked.items() if labels}

    def apply_labels(self, wanted: Mapping[int, Sequence[str]], *, mode: str) -> int:
        assert mode == "replace"
        self.writes += 1
        self.marked |= {content: tuple(labels) for content, labels in wanted.items()}
        return len(wanted)

    def quarantined(self) -> list[Quarantined]:
        return [Quarantined(path.relative_to(self.root).as_posix(), "empty") for path in self.bad]

    def info(self) -> Info:
        paths = sum(map(len, self.contents.values()))
        return Info(paths, paths, len(self.bad), 0, "letters", 0, (self.root.as_posix(),))

    @contextmanager
    def recognizer(self) -> Iterator[TextGuide]:
        assert self.labelled(), "labels come before the recognizer"
        yield self

    def calibrate(
        self, *, target_precision: float, unknown: float, progress: Any
    ) -> TextCalibration:
        self.log.append(("calibrate", target_precision, unknown))
        return TextCalibration()

    def recognize(self, image: Path, *, box: Box | None, exclude_self: bool) -> Recognition:
        self.log.append((image.stem, box, exclude_self))
        asked = image.read_text(encoding="utf-8")
        if not asked:
            raise ImageError(f"{image.name} is empty")
        best: dict[str, Alternative] = {}
        for content, text in enumerate(self.contents, start=1):
            sure = len(set(asked) & set(text)) / len(set(asked) | set(text))
            if exclude_self and text == asked:
                continue
            for label in self.marked.get(content, ()):
                if label not in best or best[label].confidence < sure:
                    best[label] = Alternative(label, sure, content)
        ordered = tuple(sorted(best.values(), key=lambda one: (-one.confidence, one.label)))
        top = ordered[0].confidence if ordered else 0.0
        known = top >= 0.5
        verdict = Verdict(known, top if known else 1 - top, ordered, 1 - top)
        hit = Hit(1, ordered[0].image, "x.jpg", top, inliers=7) if ordered else None
        times = {"describe": 2.0, "recognize": 1.0, "total": 4.0}
        return Recognition(image.name, verdict, hit, "collection", 0.5, times)
