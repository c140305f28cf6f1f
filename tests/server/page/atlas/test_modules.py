"""Modules of the atlas by themselves: room for thumbnails, colors of labels."""

from __future__ import annotations

import numpy as np

from relook.plots.atlas_colors import label_colors


def test_pictures_on_one_spot_are_parted_and_room_is_what_it_says(modules):
    x, y, room = modules.evaluate(
        """async () => {
            const { rooms, separate } = await import('/views/atlas/packing.js');
            const x = new Float32Array(400), y = new Float32Array(400);
            for (let i = 0; i < 400; i += 1) {
                x[i] = i < 150 ? 0.25 : (i * 0.618) % 1;
                y[i] = i < 150 ? 0.75 : (i * 0.414) % 1;
            }
            separate(x, y, 0.01);
            return [[...x], [...y], [...rooms(x, y, { least: 0.01 })]];
        }"""
    )
    x, y, room = map(np.array, (x, y, room))
    far = np.maximum(np.abs(x[:, None] - x), np.abs(y[:, None] - y))
    np.fill_diagonal(far, np.inf)
    assert far.min() > 0.0099
    for side in (0.5, 0.2, 0.1, 0.05, 0.02):
        shown = np.flatnonzero(room >= side)
        assert len(shown) > 1
        assert far[np.ix_(shown, shown)].min() > side - 1e-5
        hidden = np.flatnonzero(room < side)
        near = far[np.ix_(hidden, shown)].min(axis=1)  # to one that is shown, within a step
        assert (near < 2 * side).all()


def test_labels_keep_their_colors_which_are_those_of_the_command_line(modules):
    names = [*(f"name {number}" for number in range(10)), "église", "美術館", "🗿", "a", "b", "c"]
    found = modules.evaluate(
        """async (names) => {
            const { Colors } = await import('/views/atlas/colors.js');
            const state = {};
            const colors = new Colors(state);
            colors.assign(names);
            const again = new Colors(state);
            again.assign(['another', ...names]);
            const of = (all, dark) => names.map((name) => all.of(name, dark));
            return [of(colors, false), of(colors, true), of(again, false)];
        }""",
        names,
    )
    light, dark = (
        [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in label_colors(names, dark=dark).tolist()]
        for dark in (False, True)
    )
    assert found == [light, dark, light]
    assert len(set(light)) == len(set(dark)) == len(names)
