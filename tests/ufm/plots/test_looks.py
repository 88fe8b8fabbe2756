"""Whether a reader can read the figures: nothing overlaps or is cut, and colours can be told apart."""

import re
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

matplotlib.use("Agg")

from ufm import plots
from ufm.plots._picture import gallery_style

# Simulated dichromacy on linear RGB, severity 1 (Machado, Oliveira and Fernandes 2009, Table 1).
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(colour: str, vision: str) -> np.ndarray:
    """CIELAB (D65) of an sRGB colour as somebody with this vision sees it."""
    srgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(VISION[vision] @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colours, vision: str) -> float:
    """The least CIELAB distance (ΔE 1976) of two of the colours; 2.3 is just noticeable."""
    seen = [lab(colour, vision) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))


@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart(vision):
    # five times what is just noticeable; matplotlib's own ten colours fall below it (next test)
    assert closest(plots.PALETTE, vision) > 11.5


def test_a_bad_palette_is_seen_to_be_bad():
    assert closest([f"C{n}" for n in range(10)], "normal") > 11.5
    assert closest([f"C{n}" for n in range(10)], "deuteranopia") < 11.5


@pytest.mark.parametrize("vision", VISION)
def test_every_colour_stands_out_from_the_paper(vision):
    assert closest(("#ffffff", *plots.PALETTE), vision) > 11.5


def on_a_dark_page(colour: str) -> str:
    """What the site makes of a figure's colour: CSS's invert, then hue-rotate by half a turn."""
    page = Path(__file__).parents[3] / "docs" / "_static" / "site.css"
    (amount,) = {
        *re.findall(r"--drawn: invert\(([\d.]+)\) hue-rotate\(180deg\);", page.read_text())
    }
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    rgb = float(amount) + rgb * (1 - 2 * float(amount))
    grey = np.array([0.213, 0.715, 0.072])  # the weights of the filter effects module
    return matplotlib.colors.to_hex(np.clip(2 * grey @ rgb - rgb, 0, 1))


@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart_on_a_dark_page(vision):
    seen = [on_a_dark_page(colour) for colour in ("#ffffff", *plots.PALETTE)]
    assert closest(seen, vision) > 11.5


def test_a_dark_page_keeps_hues_and_turns_lightness_round():
    assert on_a_dark_page("#ffffff") == "#121212"
    assert on_a_dark_page("#000000") == "#ededed"
    blue = lab(on_a_dark_page(plots.PALETTE[0]), "normal")
    assert blue[2] < -20  # as blue as before
    assert blue[0] > 60  # and light


def boxes(figure: Figure) -> dict[str, matplotlib.transforms.Bbox]:
    """The extent of every piece of text that is shown, and of the legends."""
    figure.draw_without_rendering()
    found = {}
    for n, axes in enumerate(figure.axes):
        titles = [axes.title, axes._left_title, axes._right_title]
        texts = [*axes.texts, *titles, axes.xaxis.label, axes.yaxis.label]
        for axis, low, high in ((axes.xaxis, *axes.get_xlim()), (axes.yaxis, *axes.get_ylim())):
            inside = [
                t for t in axis.get_major_ticks() if min(low, high) <= t.get_loc() <= max(low, high)
            ]
            texts += [tick.label1 for tick in inside]
        for i, text in enumerate(texts):
            if text.get_visible() and text.get_text():
                found[f"{n}.{i} {text.get_text()}"] = text.get_window_extent()
        if axes.get_legend() is not None:
            found[f"{n} legend"] = axes.get_legend().get_window_extent()
    return found


def crossed(figure: Figure) -> list[str]:
    """Words within the axes through whose letters a curve runs."""
    figure.draw_without_rendering()
    found = []
    for axes in figure.axes:
        for text in axes.texts:
            letters = text.get_window_extent().shrunk(0.94, 0.6)
            for line in axes.lines:
                x, y = (np.asarray(values, float) for values in line.get_data())
                path = line.get_transform().transform(np.stack(np.broadcast_arrays(x, y), axis=1))
                ends = path[np.isfinite(path).all(axis=1)]
                if line.get_linestyle() == "None" or len(ends) < 2:
                    continue
                along = np.linspace(ends[:-1], ends[1:], 50).reshape(-1, 2)
                seen = along[_within(axes.bbox, along)]
                if _within(letters, seen).any():
                    found.append(f"{text.get_text()} crossed by {line.get_gid()}")
    return found


def _within(box: matplotlib.transforms.Bbox, points: np.ndarray) -> np.ndarray:
    """Which of the points lie in the box."""
    return ((points > box.min) & (points < box.max)).all(axis=1)


def faults(figure: Figure) -> list[str]:
    """Text that lies over other text, is crossed by a curve, or is cut by the edge of the figure."""
    found, edge = boxes(figure), figure.bbox
    over = [
        f"{a} over {b}"
        for (a, one), (b, other) in combinations(found.items(), 2)
        if one.shrunk(0.98, 0.98).overlaps(other.shrunk(0.98, 0.98))
    ]
    cut = [
        name
        for name, box in found.items()
        if box.x0 < edge.x0 - 1
        or box.y0 < edge.y0 - 1
        or box.x1 > edge.x1 + 1
        or box.y1 > edge.y1 + 1
    ]
    return over + [f"{name} cut" for name in cut] + crossed(figure)


@pytest.mark.parametrize("picture", plots.GALLERY, ids=lambda picture: picture.name)
def test_no_text_overlaps_or_is_crossed_or_cut(picture):
    with gallery_style():
        assert faults(picture.draw()) == []


def test_overlaps_and_cuts_are_seen():
    picture = next(picture for picture in plots.GALLERY if picture.name == "vanishing")
    with gallery_style():
        figure = picture.draw()
        axes = figure.axes[0]
        axes.annotate("over the limit", (5.0, -0.31))
        axes.annotate("out of the figure", (0.95, 0.5), xycoords="figure fraction")
        axes.annotate("on the curve", (1.1, -0.18))
        found = " ".join(faults(figure))
    assert "on the curve crossed by curve 5" in found
    assert "limit −0.3167 over" in found
    assert "out of the figure cut" in found


@pytest.mark.parametrize("picture", plots.GALLERY, ids=lambda picture: picture.name)
def test_discs_lie_within_the_axes(picture):
    for axes in picture.draw().axes:
        (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
        for line in axes.lines:
            if str(line.get_gid()).startswith(("peak", "trough", "budget", "on", "off")):
                x, y = np.array(line.get_data())
                assert ((left <= x) & (x <= right) & (low <= y) & (y <= high)).all(), line.get_gid()
