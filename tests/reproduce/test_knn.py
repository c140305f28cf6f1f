from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from reproduce.__main__ import main
from reproduce.knn import aggregates, matrices, plot, protocol, report, results, votes
from reproduce.knn.command import COMMANDS
from reproduce.knn.describing import SCALES
from reproduce.knn.ideas import VARIANTS
from reproduce.knn.material import Descriptors, Material
from reproduce.knn.page import marks, to_markdown, write_section

from relook.core.errors import UsageError
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth
from relook.evaluation.bootstrap import Interval

PAGE = Path(__file__).parents[2] / "docs" / "recognition-tables.md"
INSTANCES, DISTRACTORS, PHOTOS, DIMENSIONS = 12, 10, 20, 8


def _truth() -> GroundTruth:
    """Instances with one or two images and a query each, of which two see junk; distractors."""
    images, queries = [], []
    for number in range(INSTANCES):
        names = [f"{number}/{place}" for place in range(1 + number % 2)]
        images += [DatasetImage(name, f"{name}.jpg", "db", f"i{number}") for name in names]
        images.append(DatasetImage(f"{number}/q", f"{number}q.jpg", "query", f"i{number}"))
        junk = ("d0",) if number < 2 else ()
        queries.append(DatasetQuery(f"{number}/q", "all", tuple(names), junk))
    images += [DatasetImage(f"d{n}", f"d{n}.jpg", "distractor") for n in range(DISTRACTORS)]
    return GroundTruth("made-up", tuple(images), tuple(queries))


def _looks(random: np.random.Generator, things: list[str], count: int) -> np.ndarray:
    """Descriptors ``(N, S, D)`` that are alike for one thing."""
    centers = {thing: random.normal(size=DIMENSIONS) for thing in dict.fromkeys(things)}
    rows = np.stack([centers[thing] for thing in things])[:, None]
    rows = rows + 0.4 * random.normal(size=(len(things), count, DIMENSIONS)) + 1
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def made_up(monkeypatch) -> tuple[Material, Descriptors]:
    """What commands start from, and the descriptors of variants."""
    monkeypatch.setattr(protocol, "SAMPLES", 40)
    truth, random = _truth(), np.random.default_rng(3)
    shown = [image.label or image.id for image in truth.database]
    shown += [f"i{number}" for number in range(INSTANCES)]
    photos = [str(number // 3) for number in range(3 * PHOTOS)]
    several = len(SCALES) + len(VARIANTS)
    bench, choosing = _looks(random, shown, several), _looks(random, photos, several)
    fitting = _looks(random, [str(n) for n in range(40)], len(SCALES))
    scales = slice(len(SCALES))
    material = Material(
        protocol.task_of(truth),
        protocol.choosing_task(3 * PHOTOS),
        Descriptors(bench[:, scales], fitting, choosing[:, scales]),
        ("a fact",),
    )
    rest = slice(len(SCALES), None)
    return material, Descriptors(bench[:, rest], fitting[:0], choosing[:, rest])


SECTIONS = {
    "knn-votes": lambda material, _: votes.knn_votes(material),
    "mean-knn": lambda material, _: votes.means(material),
    "matrix-knn": lambda material, _: matrices.matrices(material),
    "aggregate-knn": aggregates.aggregates,
}


def test_half_of_the_instances_are_unknown_and_distractors_are_classes_of_their_own():
    task = protocol.task_of(_truth())
    assert task.known.sum() == INSTANCES / 2
    assert set(task.truth[task.known]) <= set(task.classes)
    assert (task.truth[~task.known] == -2).all()
    counts = np.bincount(task.classes)
    assert len(counts) == INSTANCES / 2 + DISTRACTORS
    assert (counts[-DISTRACTORS:] == 1).all()
    np.testing.assert_array_equal(task.images[task.known], counts[task.truth[task.known]])


def test_junk_is_no_neighbor():
    task = protocol.task_of(_truth())
    assert task.ignored.any()
    places, found = task.neighbors(np.ones(task.ignored.shape, np.float32), len(task.database))
    for row, (ignored, listed) in enumerate(zip(task.ignored, places, strict=True)):
        assert set(listed) - {-1} == set(np.flatnonzero(~ignored))
        assert np.isneginf(found[row, listed == -1]).all()


def test_photos_are_asked_for_by_their_last_view_and_every_second_is_unknown():
    task = protocol.choosing_task(12)
    np.testing.assert_array_equal(task.queries, [2, 5, 8, 11])
    np.testing.assert_array_equal(task.database, [0, 1, 6, 7])
    np.testing.assert_array_equal(task.truth, [0, -2, 2, -2])


def test_one_neighbor_votes_for_its_class_whatever_the_transform():
    task = protocol.choosing_task(6)
    scores = np.float32([[0.9, 0.2], [0.3, 0.4]])
    for name in votes.LABELS:
        answers = votes.vote(task, scores, 1, name)
        assert answers.right.tolist() == [True, False]
        assert answers.score == 1


@pytest.mark.parametrize("name", SECTIONS)
def test_each_command_fills_its_table_its_page_and_its_plot(name, made_up, tmp_path):
    section = SECTIONS[name](*made_up)
    table = section.table
    assert section.name == name
    assert {(key.whitened, key.method) for key in table.ours} == {
        (white, method) for white in (True, False) for method in table.labels
    }
    assert set(table.theirs) <= set(table.ours) | {key for key in table.theirs if key.k == 1}
    assert all(0 <= one["ours"] <= 1 for one in report.to_json(section)["cells"])
    for one in section.findings:
        assert one.ours.low <= one.ours.mean + 1e-9
        assert one.ours.mean <= one.ours.high + 1e-9

    page = tmp_path / "page.md"
    begin, end = marks(name)
    page.write_text(f"before\n{begin}\nstale words\n{end}\nafter\n", "utf-8")
    written = to_markdown(section.facts, report.grids_of(section))
    write_section(page, name, written, picture=plot.draw(table, name))
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale words" not in text
    assert f"### Table {table.number}" in text
    picture = ET.parse(tmp_path / "pictures" / f"recognition-{name}.svg").getroot()
    drawn = {"".join(part.itertext()) for part in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert set(table.labels.values()) <= drawn
    assert {"Here, whitened", "Thesis, not whitened"} <= drawn


def test_descriptors_that_are_alike_for_one_thing_are_recognized(made_up):
    table = votes.knn_votes(made_up[0]).table
    assert table.ours[results.Key(True, "identity", 1)].score > 0.5


def test_the_thesis_best_figures_are_in_its_tables():
    best = {number: max(results.published(number).values()) for number in ("5.1", "5.5", "5.6")}
    assert best == {"5.1": 0.8106, "5.5": 0.8303, "5.6": 0.8428}
    means = results.published("5.2")
    assert len(means) == 70
    assert means[results.Key(True, "mean", 7)] == max(
        score for key, score in means.items() if key.whitened
    )


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ((0.01, 0.2), "yes"),
        ((-0.2, -0.01), "no, the reverse"),
        ((-0.2, 0.2), "undecided"),
        ((0.001, 0.003), "no difference"),
    ],
)
def test_a_finding_holds_only_where_other_queries_would_not_turn_it_around(bounds, verdict):
    one = results.Finding("", None, Interval(sum(bounds) / 2, *bounds))
    assert one.verdict == verdict


def test_a_page_without_its_marks_stays_as_it_is(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no marks", "utf-8")
    with pytest.raises(UsageError, match="must have each of these lines once"):
        write_section(page, "knn-votes", "tables", picture="")
    assert page.read_text("utf-8") == "no marks"
    assert not (tmp_path / "pictures").exists()


def test_the_page_in_docs_has_a_section_and_a_plot_of_every_command():
    text = PAGE.read_text("utf-8")
    for name in COMMANDS:
        begin, end = marks(name)
        assert text.count(begin) == text.count(end) == 1
        written = text[text.index(begin) : text.index(end)]
        assert f"](pictures/recognition-{name}.svg)" in written
        assert "\n### What holds of table" in written
        assert (PAGE.parent / "pictures" / f"recognition-{name}.svg").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", ".", "--fit", "nowhere"], "gnd.json"),
        (["--data", "nowhere", "--fit", "."], "nowhere"),
    ],
)
def test_what_is_missing_is_said_in_one_line(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["knn-votes", *words]) == 2
    assert said in capsys.readouterr().err
