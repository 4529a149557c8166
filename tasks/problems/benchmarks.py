"""The column mappings of datasets and of trainers' formats that people know, by the name that a recipe gives as `columns`.

To add one is a mapping here and rows of the dataset in `tests/problems/published.py`.
"""

from tasks.problems.columns import AUTO, ColumnMapping, Joined

USUAL = ColumnMapping(id=AUTO)
"""What a source without a word about its columns is read by: the usual names, where there is exactly one column of them."""

EMBEDDED_OR_PATH = ("decoded_image", "image")
"""Where the hub's MathVision and MathVista keep an image: stored in the row, and beside it the path that their JSON files know it by."""

TEXT_ONLY = {"images": None, "choices": None}

GSM8K = ColumnMapping(problem="question", answer="answer", gold="hashes", **TEXT_ONLY)
"""GSM8K (openai/gsm8k): a worked solution whose last line is `#### 18`."""

MATH = ColumnMapping(problem="problem", answer=("answer", "solution"), id="unique_id", optional=("id",), **TEXT_ONLY)
"""MATH (Hendrycks), whose `solution` ends in a box, and MATH-500, which has the `answer` and a `unique_id`, too."""

SVAMP = ColumnMapping(problem=Joined(join=("Body", "Question"), separator=" "), answer="Answer", id="ID", **TEXT_ONLY)
"""SVAMP: a story and a question about it, put together with a space as its hub version does in `question_concat`."""

DAPO = ColumnMapping(
    problem="prompt",
    answer=("reward_model.ground_truth", "solution"),
    id="extra_info.index",
    optional=("id",),
    cut=(
        "Solve the following math problem step by step. The last line of your response should be of the form Answer: $Answer (without "
        "quotes) where $Answer is the answer to the problem.",
        'Remember to put your answer on its own line after "Answer:".',
    ),
    **TEXT_ONLY,
)
"""DAPO-Math-17k (BytedTsinghua-SIA, and as open-r1 processed it): verl's rows, whose every prompt asks for another form of answer than our
template does; that is cut off, as in the processed version."""

DEEPSCALER = ColumnMapping(problem="problem", answer="answer", **TEXT_ONLY)
"""DeepScaleR-Preview (agentica-org): a short `answer` beside the `solution`."""

EASYR1 = ColumnMapping(
    images="images", problem="problem", answer="answer", choices="choices", id="id", optional=("images", "choices", "id")
)
"""The conventions of EasyR1: `images`, `problem` with `<image>` marks, `answer`; choices and an id where there are such."""

GEOMETRY3K = EASYR1
"""Geometry3K as hiyouga/geometry3k publishes it, in EasyR1's conventions."""

MATHVISION = ColumnMapping(images=EMBEDDED_OR_PATH, problem="question", answer="answer", choices="options", id="id", composite=True)
"""MathVision (MathLLMs/MathVision): `options` beside the question, and one image for all the pictures that a question names."""

MATHVERSE = ColumnMapping(images="image", problem="query_cot", answer="answer", choices=None, id="sample_index", cluster="problem_index")
"""MathVerse (AI4Math/MathVerse): its `question` is empty where the image alone holds it; `query_cot` is what its authors ask in all six
versions, choices included. The versions of one problem share a `problem_index`."""

MATHVISTA = ColumnMapping(images=EMBEDDED_OR_PATH, problem="question", answer="answer", choices="choices", id=("pid", "id"))
"""MathVista (AI4Math/MathVista): choices where a question has some, and `precision` for answers with decimals."""

WE_MATH = ColumnMapping(images=("image_path", "image"), problem="question", answer="answer", choices="option", id="question number")
"""We-Math: choices as one text (`A. 200.96;B. 3215.36; …`); steps of one problem share an `ID`, so a row goes by its question number."""

LOGICVISTA = ColumnMapping(images=("imagename", "image"), problem="question", answer="answer", choices=None)
"""LogicVista: one object by id, images in `data/images` (set images_folder to it), choices in the image or question."""

MMMU = ColumnMapping(
    images=Joined(join=tuple(f"image_{number}" for number in range(1, 8))),
    problem="question",
    answer="answer",
    choices="options",
    id="id",
    optional=("images",),
)
"""MMMU (MMMU/MMMU): up to seven images, named by number in question and options; options as a Python literal, `[]` if there are none."""

SCIENCEQA = ColumnMapping(
    images="image",
    problem=Joined(join=("hint", "question")),
    answer="answer",
    choices="choices",
    id=("id", "pid"),
    optional=("images", "problem", "id"),
    gold="index_from_0",
)
"""ScienceQA (derek-thomas/ScienceQA): the answer is the number of a choice, from 0; the `hint` is what many questions are about."""

AI2D = ColumnMapping(images="image", problem="question", answer="answer", choices="options", gold="index_from_0")
"""AI2D (lmms-lab/ai2d): the answer is the number of an option, from 0, as text."""

CHARTQA = ColumnMapping(images=("image", "imgname"), problem=("query", "question"), answer=("label", "answer"), choices=None)
"""ChartQA: as its authors have it (`imgname`; set images_folder), HuggingFaceM4 (`label` is a list) and lmms-lab."""

MMK12 = ColumnMapping(images="image", problem="question", answer="answer", choices=None, id="id", optional=("id",))
"""MMK12 (FanqingM/MMK12), of MM-Eureka."""

VIRL39K = ColumnMapping(images="image", problem="question", answer="answer", choices=None, id="qid")
"""ViRL39K (TIGER-Lab/ViRL39K): a list of images by path beside the Parquet file, the answer in a box, choices in the question."""

VERL = ColumnMapping(problem="prompt", answer="reward_model.ground_truth", choices=None, id=AUTO)
"""verl's rows: a conversation `prompt`, the gold answer in `reward_model`, images in `images` where `<image>` stands."""

TRL = ColumnMapping(problem=("prompt", "problem", "question"), answer=("solution", "answer", "ground_truth"), id=AUTO)
"""TRL's rows: `prompt` a text or a conversation, `images` or `image` for its image parts."""

MS_SWIFT = ColumnMapping(problem="messages", answer=("solution", "answer", "ground_truth", "messages"), choices=None, id=AUTO)
"""ms-swift's rows: `messages`, `images`, and for GRPO the `solution`; else the assistant's turn is the answer."""

LLAVA = ColumnMapping(problem="conversations", answer=("solution", "conversations"), choices=None, id=AUTO)
"""LLaVA's, ShareGPT's and VLM-R1's rows: `conversations` of `from` and `value`, the answer in the last turn, `image` beside them."""

LMM_R1 = ColumnMapping(problem=("message", "prompt", "conversations"), answer="answer", choices=None, id=AUTO)
"""LMM-R1's and MM-Eureka's rows: `message` is a conversation as JSON text, with its images inside."""

VLMEVALKIT = ColumnMapping(
    images=("image", "image_path"),
    problem=Joined(join=("hint", "question")),
    answer="answer",
    choices=Joined(join=tuple("ABCDEFGHIJ")),
    id="index",
    optional=("images", "problem", "choices"),
)
"""VLMEvalKit's tables: images in base64, choices in the columns A, B, C, …, a `hint` in front of some questions."""

MAPPINGS = {
    "auto": USUAL,
    "gsm8k": GSM8K,
    "math": MATH,
    "svamp": SVAMP,
    "dapo-17k": DAPO,
    "deepscaler": DEEPSCALER,
    "mathvista": MATHVISTA,
    "mathverse": MATHVERSE,
    "mathvision": MATHVISION,
    "we-math": WE_MATH,
    "logicvista": LOGICVISTA,
    "mmmu": MMMU,
    "scienceqa": SCIENCEQA,
    "ai2d": AI2D,
    "chartqa": CHARTQA,
    "geometry3k": GEOMETRY3K,
    "mmk12": MMK12,
    "virl39k": VIRL39K,
    "easyr1": EASYR1,
    "verl": VERL,
    "trl": TRL,
    "ms-swift": MS_SWIFT,
    "llava": LLAVA,
    "lmm-r1": LMM_R1,
    "vlmevalkit": VLMEVALKIT,
}
