"""What counts as nearly the same problem."""

from pydantic import Field

from tasks.base.settings import Settings


class SimilaritySettings(Settings):
    """Two problems are near duplicates when their texts share at least `text` of their shingles (Jaccard index) and, where they have
    images, these differ nowhere by more than `image` of the full range, looked at as 16 x 16 spots of colour. Both numbers are ours:
    on MathVision's images 0.11 takes in another size, another format and JPEG at quality 40, and takes no image for another; a cropped
    one is not found.

    `crowd`: among very many look-alikes each is compared with so many neighbours only, and with as many of every other dataset and split,
    so that templates do not cost the square of their number; all of them stay connected.
    """

    text: float = Field(default=0.8, gt=0, le=1)
    image: float = Field(default=0.11, ge=0, le=0.5)
    crowd: int = Field(default=16, ge=1)
