"""What a negative control is, and how its files come about."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit.demo.corpus_shape import CorpusShape
from benchmarks.detection.files.world import build_world, shape_of

Change = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Control:
    """One harmless thing: how the files come about, and what then happens to them.

    ``forgets``: turns that an earlier audit saw are gone, on purpose. ``compared``: only the file from before can tell
    that it is harmless.
    """

    title: str
    change: Change
    world: str = "plain"
    build: Callable[[Path, CorpusShape], object] | None = None
    shape: Callable[[CorpusShape], CorpusShape] = lambda shape: shape
    forgets: bool = False
    compared: bool = False

    def is_for(self, arm: str) -> bool:
        """Whether an audit of this arm has to find nothing."""
        return arm == "with" or not (self.compared or (self.forgets and arm == "against"))


def prepare(control: Control, folder: Path, turns: int, seed: int, witness: Change | None = None) -> Path:
    """Write the files of a control into a folder; ``witness`` may look at them before the harmless thing happens."""
    shape = control.shape(shape_of(turns, seed))
    if control.build:
        control.build(folder, shape)
    else:
        build_world(control.world, folder, shape, witness)
    if control.build and witness:
        witness(folder)
    control.change(folder)
    return folder


def clean_seeds(count: int, seed: int) -> list[tuple[str, int]]:
    """Kind and seed of clean worlds, all of which have to pass."""
    rng = random.Random(seed)
    kinds = ("plain", "foreign", "living", "partial")
    return [(kinds[at % len(kinds)], rng.randrange(1 << 30)) for at in range(count)]
