from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from relook.core.errors import ImageError, StorageError, UsageError
from relook.images import read
from relook.training.sources.motion import busiest_window, corners, follow, moving
from relook.training.sources.pictures import Folder, find_pictures
from relook.training.sources.track_folder import tracked_folder
from relook.training.sources.tracking import (
    TrackingOptions,
    find_tracks,
    make_triplets,
    track_videos,
)
from relook.training.sources.video import Video, find_videos


def _texture(rows: int, columns: int, seed: int, grain: int = 6) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(
        30, 226, (rows // grain + 2, columns // grain + 2, 3)
    )
    return cv2.resize(coarse.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_CUBIC)


def _scene(
    *, count: int = 16, speed: tuple[int, int] = (3, 1), pan: int = 0, seed: int = 0
) -> list[np.ndarray]:
    """A square of 40 pixels, begun at (20, 30), flies over a ground that pans to the left."""
    ground, thing = _texture(120, 160 + abs(pan) * count, seed), _texture(40, 40, seed + 1, 5)
    frames = []
    for time in range(count):
        frame = ground[:, time * pan : time * pan + 160].copy()
        x, y = 20 + speed[0] * time, 30 + speed[1] * time
        shown = frame[y : y + 40, x : x + 40]
        shown[:] = thing[: shown.shape[0], : shown.shape[1]]
        frames.append(frame)
    return frames


_OPTIONS = TrackingOptions(side=0.4, length=12, shortest=4)  # 48 pixels


@pytest.mark.parametrize("pan", [0, 2])
def test_the_patch_is_what_moves_and_goes_where_it_goes(pan: int) -> None:
    track = next(find_tracks(_scene(pan=pan), options=_OPTIONS, video="v"))
    assert track.frames == (0, 12)
    assert track.patches.shape == (2, 48, 48, 3)
    first, last = track.boxes
    assert abs(first.x + 24 - 40) <= 6  # the middle of the thing
    assert abs(first.y + 24 - 50) <= 6
    assert abs(last.x - first.x - 36) <= 1  # 12 frames of (3, 1)
    assert abs(last.y - first.y - 12) <= 1
    # What is in the middle of both patches is the thing, whatever lies behind it.
    middle = track.patches[:, 10:38, 10:38].astype(int)
    assert np.abs(middle[0] - middle[1]).mean() < 12


def test_a_camera_that_pans_over_a_still_ground_shows_no_motion() -> None:
    ground = _texture(120, 260, 0)
    frames = [ground[:, 3 * time : 3 * time + 160] for time in range(8)]
    assert not list(find_tracks(frames, options=_OPTIONS))


def test_a_patch_that_leaves_the_frame_ends_there_or_is_dropped() -> None:
    frames = _scene(speed=(9, 0), count=14)  # out after about ten frames
    tracks = list(find_tracks(frames, options=_OPTIONS))
    began, ended = tracks[0].frames
    assert 4 <= ended - began < 12
    box = tracks[0].boxes[1]
    assert 100 <= box.x <= 160 - box.width
    patient = TrackingOptions(side=0.4, length=30, shortest=12)
    assert not list(find_tracks(frames, options=patient))


def test_a_video_gives_several_tracks_and_not_more_than_asked_for() -> None:
    frames = _scene(count=20, speed=(3, 1))
    short = TrackingOptions(side=0.4, length=5, shortest=5)
    tracks = list(find_tracks(frames, options=short))
    assert [track.frames for track in tracks[:3]] == [(0, 5), (5, 10), (10, 15)]
    assert (
        len(
            list(
                find_tracks(frames, options=TrackingOptions(side=0.4, length=5, shortest=5, most=2))
            )
        )
        == 2
    )


def test_points_are_followed_there_and_back() -> None:
    one, other = (_scene(count=2, speed=(4, 2))[i] for i in range(2))
    grays = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (one, other)]
    flow = follow(*grays, corners(grays[0]))
    shift = flow.after - flow.before
    inside = ((flow.before > (26, 36)) & (flow.before < (54, 64))).all(axis=1)
    assert inside.sum() > 5
    assert np.abs(np.median(shift[inside], axis=0) - (4, 2)).max() < 0.1
    moves = moving(flow, least=0.5)
    assert moves[inside].mean() > 0.9
    far = ((flow.before < (12, 22)) | (flow.before > (72, 84))).any(axis=1)
    assert moves[far].mean() < 0.1


def test_the_busiest_window_holds_as_many_points_as_any() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, (29, 19), (25, 2)).astype(np.float32)
    x, y, held = busiest_window(points, (20, 30), 7)
    where = np.rint(points)

    def count(left: int, top: int) -> int:
        return int(((where >= (left, top)) & (where < (left + 7, top + 7))).all(axis=1).sum())

    assert held == count(x, y) == max(count(u, v) for u in range(24) for v in range(14))


def test_triplets_hold_the_first_and_last_patch_and_one_of_another_video() -> None:
    tracks = []
    for name in ("a", "b"):
        tracks += find_tracks(
            _scene(count=11, seed=len(tracks)),
            options=TrackingOptions(side=0.4, length=5, shortest=5),
            video=name,
        )
    triplets = make_triplets(tracks, np.random.default_rng(0))
    videos = [track.video for track in tracks]
    assert len(triplets) == len(tracks)
    for place, triplet in enumerate(triplets):
        assert (triplet.query, triplet.positive) == (2 * place, 2 * place + 1)
        assert videos[triplet.negatives[0] // 2] != videos[place]
    assert triplets == make_triplets(tracks, np.random.default_rng(0))


def test_with_one_video_negatives_are_its_other_tracks_and_one_track_has_none() -> None:
    tracks = list(find_tracks(_scene(), options=TrackingOptions(side=0.4, length=5, shortest=5)))
    for place, triplet in enumerate(make_triplets(tracks, np.random.default_rng(1))):
        assert triplet.negatives[0] // 2 != place
    with pytest.raises(UsageError, match="more or longer videos"):
        make_triplets(tracks[:1], np.random.default_rng(0))


def _write(folder: Path, frames: list[np.ndarray]) -> Path:
    folder.mkdir(parents=True)
    for time, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"f{time + 8}.png"), frame[..., ::-1])
    return folder


def test_a_folder_of_numbered_frames_and_a_file_give_the_same_track(tmp_path: Path) -> None:
    frames = _scene()
    _write(tmp_path / "frames", frames)
    writer = cv2.VideoWriter(
        str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120)
    )
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    videos = find_videos([tmp_path])
    assert [video.path.name for video in videos] == ["film.avi", "frames"]
    tracks, problems = track_videos(videos, options=_OPTIONS)
    assert not problems
    film, folder = (
        next(t for t in tracks if t.video.endswith(name)) for name in ("film.avi", "frames")
    )
    assert film.frames == folder.frames == (0, 12)
    assert np.abs(np.subtract(film.boxes[1], folder.boxes[1])).max() <= 8


def test_frames_come_in_the_order_of_their_numbers_and_broken_ones_are_named(
    tmp_path: Path,
) -> None:
    frames = [np.full((20, 30, 3), 20 * time, np.uint8) for time in range(6)]
    folder = _write(tmp_path / "v", frames)
    (folder / "f9.png").write_bytes(b"no picture")
    video = Video(folder)
    assert [int(frame[0, 0, 0]) for frame in video] == [0, 40, 60, 80, 100]
    assert len(video.skipped) == 1
    assert video.skipped[0][0].name == "f9.png"


def test_what_is_no_video_is_named_and_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"nothing" * 100)
    _write(tmp_path / "good", _scene())
    _write(tmp_path / "still", [_texture(60, 80, 0)] * 6)
    tracks, problems = track_videos(find_videos([tmp_path]), options=_OPTIONS)
    assert tracks
    assert [path.name for path, _ in problems] == ["broken.mp4", "still"]
    assert "no frame can be read; convert it to MP4" in problems[0][1]
    assert "nothing moves" in problems[1][1]
    with pytest.raises(ImageError, match=r"no tracks in 1 videos.*nothing moves"):
        track_videos([Video(tmp_path / "still")])
    with pytest.raises(UsageError, match="no videos in"):
        find_videos([tmp_path / "good" / "f8.png"])
    with pytest.raises(UsageError, match="is not there"):
        find_videos([tmp_path / "nowhere"])


def test_frames_of_two_sizes_are_not_one_video(tmp_path: Path) -> None:
    folder = _write(
        tmp_path / "v", [np.zeros((20, 30, 3), np.uint8), np.zeros((30, 20, 3), np.uint8)]
    )
    with pytest.raises(ImageError, match="30 x 20 and of 20 x 30"):
        list(Video(folder))


@pytest.mark.parametrize(
    "options", [{"side": 1.5}, {"shortest": 40}, {"moving": (0.5, 0.1)}, {"points": 1}]
)
def test_options_that_cannot_be_are_refused(options: dict) -> None:
    with pytest.raises(UsageError):
        TrackingOptions(**options)


def test_tracks_are_kept_as_a_folder_of_classes_and_used_again(tmp_path: Path) -> None:
    _write(tmp_path / "videos" / "good", _scene())
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"nothing" * 100)
    folder, problems = tracked_folder(tmp_path / "videos", tmp_path / "tracks", options=_OPTIONS)
    found = find_pictures([Folder(folder, labels="folder")]).pictures
    assert [path.name for path in found.paths] == ["first.png", "last.png"] * len(found.classes)
    np.testing.assert_array_equal(found.labels, np.repeat(np.arange(len(found.classes)), 2))
    track = next(find_tracks(_scene(), options=_OPTIONS))
    np.testing.assert_array_equal(read(found.paths[1]).pixels, track.patches[1])
    again = tracked_folder(tmp_path / "nowhere", tmp_path / "tracks")
    assert again == (folder, problems)
    assert problems[0][0].name == "broken.mp4"
    (folder / "tracks.json").write_text("{}")
    with pytest.raises(StorageError, match="delete its folder"):
        tracked_folder(tmp_path / "videos", folder)
