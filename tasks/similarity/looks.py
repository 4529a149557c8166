"""What an image looks like from afar: a hash that finds its look-alikes, and a thumbnail that tells whether they are the same picture.

The hash is dHash: which of neighbouring spots is brighter, on a grid of 16 x 16. It outlasts another size, format and compression, but
pictures drawn after one template have nearly the same; their thumbnails differ where their contents do. The dozen lines that dHash takes
are written here: the package made for it brings PyWavelets along for hashes that we do not use.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.prompting.pictures import open_picture

SIDE = 16
STEP = 2  # of 256 grey levels: what is less is noise of the compression, on white paper above all
BANDS, BAND_BITS = 24, 32  # hashes that differ in 6% of their bits share a band with probability 0.97, in 3% with 0.9999


@dataclass(frozen=True)
class Look:
    """`hash`: 256 bits in hexadecimal. `levels`: the image at 16 x 16 pixels, red, green and blue, 768 bytes."""

    hash: str
    levels: bytes


def look_at(path: Path) -> Look:
    """What an image file looks like."""
    picture = open_picture(path)
    grey = np.asarray(picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX), dtype=np.int16)
    brighter = grey[:, 1:] - grey[:, :-1] > STEP
    return Look(np.packbits(brighter.ravel()).tobytes().hex(), picture.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes())


def bands_of(looks: list[Look]) -> NDArray[np.uint64]:
    """Images x 24 keys, each of 32 of the hash's bits, by which look-alikes are found."""
    packed = np.array([list(bytes.fromhex(look.hash)) for look in looks], dtype=np.uint8).reshape(len(looks), -1)
    bits, chosen = np.unpackbits(packed, axis=1), np.random.default_rng(0)
    keys = [np.packbits(bits[:, chosen.choice(SIDE * SIDE, BAND_BITS, replace=False)], axis=1) for _ in range(BANDS)]
    return np.stack([np.ascontiguousarray(key).view(np.uint32).ravel() for key in keys], axis=1).astype(np.uint64)


def difference(one: Look, other: Look) -> float:
    """The largest difference of any spot in any colour, as a share of the full range: 0 for the same thumbnail."""
    levels = [np.frombuffer(look.levels, dtype=np.uint8).astype(np.int16) for look in (one, other)]
    return float(np.abs(levels[0] - levels[1]).max()) / 255
