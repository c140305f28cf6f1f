"""Fit the confidences that ship, for collections with too few pictures of their own.

    python tools/fit_confidence.py OUTPUT.json PHOTOS... --objects FOLDER [--own RECIPE]

Each of the photos is an instance of its own; below ``--objects`` each folder is one. For one recipe
of each kind, they are indexed, asked about as a calibration does, and the model is fitted with a
prior that says next to nothing. The file holds seven figures per kind, no picture.

``--own`` fits a recipe that is to have figures of its own, and leaves what the file says of others.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import relook
from relook.cli.threads import limit_threads
from relook.collection import Collection, Recognizer
from relook.collection.fitting import lesson_cases
from relook.images import is_picture
from relook.recognition.claims import FEATURES
from relook.recognition.confidence import fit_confidence
from relook.search import load_recipe

RECIPES = {"local": "sift-asmk", "global": "mobilenetv2-gem", "both": "hybrid"}

VAGUE = np.array([-8.0, 2.0, 1.0, 1.0, 1.0, 3.0, 3.0])
"""What is believed before: a camera is held so that what is asked for is in the middle."""

TRUST = 30.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--objects", type=Path, required=True, help="a folder for each object")
    parser.add_argument("--every", type=int, default=1, help="take every n-th photo only")
    parser.add_argument("--threads", type=int, default=2)
    for kind, recipe in RECIPES.items():
        parser.add_argument(f"--{kind}", default=recipe, help=f"recipe; {recipe} unless said")
    parser.add_argument("--own", metavar="RECIPE", help="fit this one, for itself alone")
    parser.add_argument("--workdir", type=Path, help="keep the collections here")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    limit_threads()
    photos = [
        file
        for folder in given.photos
        for file in sorted(folder.rglob("*"))
        if file.is_file() and is_picture(file)
    ]
    objects = sorted(file for file in given.objects.rglob("*") if file.is_file())
    files = [*photos[:: given.every], *objects]
    wanted = [given.own] if given.own else [getattr(given, kind) for kind in RECIPES]
    fitted = {}
    with tempfile.TemporaryDirectory() as spare:
        work = given.workdir or Path(spare)
        for recipe in wanted:
            place = work / recipe
            exists = Collection.exists(place)
            with relook.open(place) if exists else relook.create(place, recipe=recipe) as found:
                found.add(files, jobs=given.threads)
                label(found, given.objects)
                fitted[recipe] = fit(found, given.threads)
            sys.stdout.write(f"{recipe}: {fitted[recipe]}\n")
    content = json.loads(given.output.read_text("utf-8")) if given.output.exists() else {}
    content |= {"version": 2, "features": FEATURES}
    own = content.setdefault("recipes", {})
    if given.own:
        key = load_recipe(given.own).describe_hash
        own[key] = {"name": given.own, "weights": fitted[given.own]}
    else:
        content["models"] = {kind: fitted[getattr(given, kind)] for kind in RECIPES}
    given.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def label(collection: Collection, objects: Path) -> None:
    """Photos are called by their path, objects by their folder."""
    labels = {}
    for content in collection.catalog.searchable().tolist():
        for file in collection.files_of(content):
            inside = objects.resolve() in file.resolve().parents
            labels[content] = [file.parent.name if inside else file.as_posix()]
    collection.apply_labels(labels, mode="replace")


def fit(collection: Collection, threads: int) -> list[float]:
    recognizer = Recognizer(collection, threads=threads)
    report = recognizer.calibrate(progress=show)
    sys.stdout.write(f"{json.dumps(report.to_json(), ensure_ascii=False)}\n")
    cases = lesson_cases(collection, recognizer.lessons)
    model = fit_confidence(cases, prior=VAGUE, trust=TRUST)
    return [round(float(weight), 3) for weight in model.weights]


def show(what: str, done: int, total: int) -> None:
    if done % 50 == 0:
        sys.stderr.write(f"{what} {done} of {total}\n")


if __name__ == "__main__":
    main()
