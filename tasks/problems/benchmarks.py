"""The column mappings of datasets that people know, by the name that a recipe gives as `columns`.

To add one is a mapping here and a row of the dataset in `PRESET_ROWS` of `tests/problems/test_problem_formats.py`.
"""

from tasks.problems.columns import ColumnMapping

EMBEDDED_OR_PATH = ("decoded_image", "image")
"""Where the hub's MathVision and MathVista keep an image: stored in the row, and beside it the path that their JSON files know it by."""

USUAL = ColumnMapping(id="auto")
"""What a source without a word about its columns is read by: the usual names, where there is exactly one column of them."""

EASYR1 = ColumnMapping(images="images", problem="problem", answer="answer", choices="choices", id="id", optional=("choices", "id"))
"""The conventions of EasyR1 and verl: `images`, `problem` with `<image>` marks, `answer`; choices and an id where there are such."""

GEOMETRY3K = EASYR1
"""Geometry3K as hiyouga/geometry3k publishes it, in EasyR1's conventions."""

MATHVISION = ColumnMapping(images=EMBEDDED_OR_PATH, problem="question", answer="answer", choices="options", id="id", composite=True)
"""MathVision (MathLLMs/MathVision): `options` beside the question, and one image for all the pictures that a question names."""

MATHVERSE = ColumnMapping(images="image", problem="query_cot", answer="answer", choices=None, id="sample_index")
"""MathVerse (AI4Math/MathVerse): its `question` is empty where the image alone holds it; `query_cot` is what its authors ask in all six
versions, choices included."""

MATHVISTA = ColumnMapping(images=EMBEDDED_OR_PATH, problem="question", answer="answer", choices="choices", id=("pid", "id"))
"""MathVista (AI4Math/MathVista): choices where a question has some, and `precision` for answers with decimals."""

MAPPINGS = {
    "auto": USUAL,
    "easyr1": EASYR1,
    "geometry3k": GEOMETRY3K,
    "mathvision": MATHVISION,
    "mathverse": MATHVERSE,
    "mathvista": MATHVISTA,
}
