"""Rows of the shape in which datasets are published, and in which trainers have theirs, for every mapping by name.

Each is a row as its file has it (texts shortened), with where the shape is from, and what is to be made of it: question, choices,
answer, images, id. `image(n)` stands for an image stored in the row, a name under `images/` for one beside the file.
"""

import base64
import json
from typing import Any, NamedTuple

from tests.problems.shapes import picture


class Published(NamedTuple):
    """Rows of one dataset, and (question, choices, answer, number of images, id) of each."""

    rows: list[dict[str, Any]]
    expected: list[tuple[str, list[str], str, int, str]]


def image(colour: int) -> dict[str, Any]:
    """An image as Hugging Face's Parquet files have it."""
    return {"bytes": picture(colour), "path": None}


DAPO_ASKED = (
    "Solve the following math problem step by step. The last line of your response should be of the form Answer: $Answer (without "
    "quotes) where $Answer is the answer to the problem.\n\nHow many are 3 and 4?\n\n"
    'Remember to put your answer on its own line after "Answer:".'
)

PUBLISHED = {
    # github.com/openai/grade-school-math, grade_school_math/data
    "gsm8k": Published(
        [{"question": "How many are 9 and 9?", "answer": "It is 9+9=<<9+9=18>>18.\n#### 18"}],
        [("How many are 9 and 9?", [], "18", 0, "row-1")],
    ),
    # github.com/hendrycks/math; hub: HuggingFaceH4/MATH-500
    "math": Published(
        [
            {
                "problem": "Compute $1+1$.",
                "solution": "It is $\\boxed{2}$.",
                "answer": "2",
                "subject": "Algebra",
                "level": 1,
                "unique_id": "test/algebra/1.json",
            }
        ],
        [("Compute $1+1$.", [], "2", 0, "test/algebra/1.json")],
    ),
    # github.com/arkilpatel/SVAMP, SVAMP.json
    "svamp": Published(
        [{"ID": "chal-1", "Body": "A pack costs $ 76.", "Question": "What do two cost?", "Equation": "( 76.0 * 2.0 )", "Answer": 152.0}],
        [("A pack costs $ 76. What do two cost?", [], "152", 0, "chal-1")],
    ),
    # hub: BytedTsinghua-SIA/DAPO-Math-17k
    "dapo-17k": Published(
        [
            {
                "data_source": "math_dapo",
                "prompt": [{"content": DAPO_ASKED, "role": "user"}],
                "ability": "MATH",
                "reward_model": {"ground_truth": "7", "style": "rule-lighteval/MATH_v2"},
                "extra_info": {"index": "9a9b6eb4-a1cb"},
            }
        ],
        [("How many are 3 and 4?", [], "7", 0, "9a9b6eb4-a1cb")],
    ),
    # hub: agentica-org/DeepScaleR-Preview-Dataset
    "deepscaler": Published(
        [{"problem": "What is $1+1$?", "answer": "2", "solution": "Clearly \\boxed{2}."}], [("What is $1+1$?", [], "2", 0, "row-1")]
    ),
    # hub: AI4Math/MathVista
    "mathvista": Published(
        [
            {
                "pid": "1",
                "question": "Which?",
                "image": "images/1.jpg",
                "decoded_image": image(1),
                "choices": ["u", "v"],
                "unit": None,
                "precision": None,
                "answer": "v",
                "question_type": "multi_choice",
                "answer_type": "text",
                "query": "Hint: … Question: Which?\nChoices:\n(A) u\n(B) v",
            },
            {
                "pid": "2",
                "question": "How long?",
                "image": "images/2.jpg",
                "decoded_image": image(2),
                "choices": None,
                "unit": "g",
                "precision": 1.0,
                "answer": "1.2",
                "question_type": "free_form",
                "answer_type": "float",
                "query": "Question: How long?",
            },
        ],
        [("<image>Which?", ["u", "v"], "v", 1, "1"), ("<image>How long?", [], "1.2", 1, "2")],
    ),
    # hub: AI4Math/MathVerse
    "mathverse": Published(
        [
            {
                "sample_index": "5",
                "problem_index": "1",
                "problem_version": "Vision Only",
                "question": "",
                "image": image(1),
                "answer": "D",
                "question_type": "multi-choice",
                "query_wo": "Directly.",
                "query_cot": "First reason.",
            }
        ],
        [("<image>First reason.", [], "D", 1, "5")],
    ),
    # github.com/mathllm/MATH-V; hub: MathLLMs/MathVision
    "mathvision": Published(
        [
            {"id": "4", "question": "Which?\n<image1>", "options": ["(A)", "(B)"], "image": "images/1.png", "answer": "B", "level": 1},
            {"id": "5", "question": "How many?\n<image1>", "options": [], "image": "images/2.png", "answer": "6", "level": 2},
        ],
        [("Which?\n<image>", ["A", "B"], "B", 1, "4"), ("How many?\n<image>", [], "6", 1, "5")],
    ),
    # github.com/We-Math/We-Math: the steps of a problem share an ID
    "we-math": Published(
        [
            {
                "ID": "3steps_165",
                "split": "testmini",
                "knowledge concept": "Area of Circles",
                "question": f"Step {step}: what is the area (  )?",
                "option": "A. 200.96;B. 3215.36;C. 6280;D. 32; E. No correct answer",
                "answer": "B",
                "image_path": f"images/{step}.png",
                "key": f"3steps_{step}",
                "question number": 1573 + step,
                "knowledge concept description": "Area of ...",
            }
            for step in (1, 2)
        ],
        [
            (
                f"<image>Step {step}: what is the area (  )?",
                ["200.96", "3215.36", "6280", "32", "No correct answer"],
                "B",
                1,
                str(1573 + step),
            )
            for step in (1, 2)
        ],
    ),
    # github.com/Yijia-Xiao/LogicVista, data/dataset.json: one object by id
    "logicvista": Published(
        [
            {
                "imagename": "images/1.png",
                "question": "How many? \n A) 10 B) 12 C) 14 D) 16",
                "answer": "C",
                "reasoning": "It increases.",
                "skill": ["inductive"],
                "capability": ["diagram"],
                "imagesource": "practiceaptitudetests",
            }
        ],
        [("<image>How many? \n A) 10 B) 12 C) 14 D) 16", [], "C", 1, "row-1")],
    ),
    # hub: MMMU/MMMU
    "mmmu": Published(
        [
            {
                "id": "validation_Art_1",
                "question": "Compare <image 1> with <image 3>.",
                "options": "['The \"same\"', '<image 2>', \"Ed's\"]",
                "explanation": "",
                "image_1": image(1),
                "image_2": image(2),
                "image_3": image(3),
                **{f"image_{number}": None for number in range(4, 8)},
                "img_type": "['Paintings']",
                "answer": "B",
                "topic_difficulty": "Easy",
                "question_type": "multiple-choice",
                "subfield": "Drawing",
            },
            {
                "id": "validation_Art_2",
                "question": "How much is <image 2>?",
                "options": "[]",
                "image_1": None,
                "image_2": image(2),
                **{f"image_{number}": None for number in range(3, 8)},
                "answer": "6",
                "question_type": "open",
            },
        ],
        [
            ("Compare <image> with <image>.", ['The "same"', "<image>", "Ed's"], "B", 3, "validation_Art_1"),
            ("How much is <image>?", [], "6", 1, "validation_Art_2"),
        ],
    ),
    # hub: derek-thomas/ScienceQA
    "scienceqa": Published(
        [
            {
                "image": image(1),
                "question": "Which is north?",
                "choices": ["Maine", "Texas"],
                "answer": 0,
                "hint": "",
                "task": "closed choice",
                "lecture": "Maps …",
                "solution": "…",
            },
            {
                "image": None,
                "question": "What is it about?",
                "choices": ["cats", "dogs", "cows"],
                "answer": 2,
                "hint": "The cow moos.",
                "task": "closed choice",
                "lecture": "",
                "solution": "",
            },
        ],
        [
            ("<image>Which is north?", ["Maine", "Texas"], "A", 1, "row-1"),
            ("The cow moos.\nWhat is it about?", ["cats", "dogs", "cows"], "C", 0, "row-2"),
        ],
    ),
    # hub: lmms-lab/ai2d
    "ai2d": Published(
        [{"question": "Which eats grass?", "options": ["owl", "hare", "fox", "elk"], "answer": "1", "image": image(1)}],
        [("<image>Which eats grass?", ["owl", "hare", "fox", "elk"], "B", 1, "row-1")],
    ),
    # hub: HuggingFaceM4/ChartQA
    "chartqa": Published(
        [{"image": image(1), "query": "How many bars?", "label": ["14"], "human_or_machine": 0}],
        [("<image>How many bars?", [], "14", 1, "row-1")],
    ),
    # hub: hiyouga/geometry3k
    "geometry3k": Published(
        [{"images": [image(1)], "problem": "<image>Find $x$.", "answer": "3"}], [("<image>Find $x$.", [], "3", 1, "row-1")]
    ),
    # hub: FanqingM/MMK12
    "mmk12": Published(
        [{"id": "m1", "question": "<image>Find it.", "answer": "$\\frac{1}{2}$", "subject": "math", "image": image(1)}],
        [("<image>Find it.", [], "$\\frac{1}{2}$", 1, "m1")],
    ),
    # hub: TIGER-Lab/ViRL39K
    "virl39k": Published(
        [
            {
                "question": "<image><image> Which?\n(A) this\n(B) that",
                "answer": "\\boxed{A}",
                "PassRate_32BTrained": 0.5,
                "PassRate_7BBase": 0.25,
                "category": "Spatial Reasoning",
                "source": "Processed",
                "qid": "Processed-1-0",
                "image": ["images/1.png", "images/2.png"],
            }
        ],
        [("<image><image> Which?\n(A) this\n(B) that", [], "A", 2, "Processed-1-0")],
    ),
    # github.com/hiyouga/EasyR1, verl/utils/dataset.py
    "easyr1": Published(
        [{"images": ["images/1.png"], "problem": "<image>x", "answer": "B", "choices": ["u", "v"], "id": 7}],
        [("<image>x", ["u", "v"], "B", 1, "7")],
    ),
    # github.com/volcengine/verl, examples/data_preprocess/geo3k.py
    "verl": Published(
        [
            {
                "data_source": "hiyouga/geometry3k",
                "prompt": [{"role": "user", "content": "<image>Find x."}],
                "images": [image(1)],
                "ability": "math",
                "reward_model": {"style": "rule", "ground_truth": "3"},
                "extra_info": {"split": "train", "index": 0, "answer": "3", "question": "<image>Find x."},
            }
        ],
        [("<image>Find x.", [], "3", 1, "0")],
    ),
    # github.com/huggingface/trl, docs/source/dataset_formats.md and examples/scripts/grpo_vlm.py
    "trl": Published(
        [
            {
                "prompt": [{"role": "user", "content": [{"type": "image", "text": None}, {"type": "text", "text": "How many?"}]}],
                "image": image(1),
                "solution": "<answer>2</answer>",
            }
        ],
        [("<image>How many?", [], "2", 1, "row-1")],
    ),
    # swift.readthedocs.io, Customization/Custom-dataset: standard format and GRPO
    "ms-swift": Published(
        [{"messages": [{"role": "user", "content": "<image>How many?"}], "images": ["images/1.png"], "solution": "4"}],
        [("<image>How many?", [], "4", 1, "row-1")],
    ),
    # github.com/om-ai-lab/VLM-R1, README: data format of LLaVA
    "llava": Published(
        [
            {
                "id": 1,
                "image": "images/1.png",
                "conversations": [{"from": "human", "value": "<image>How many?"}, {"from": "gpt", "value": "5"}],
            }
        ],
        [("<image>How many?", [], "5", 1, "1")],
    ),
    # github.com/TideDra/lmm-r1 and github.com/ModalMinds/MM-EUREKA, README: custom dataset
    "lmm-r1": Published(
        [
            {
                "id": "0",
                "message": json.dumps(
                    [
                        {
                            "role": "user",
                            "content": [{"type": "image", "image": "file://images/1.png"}, {"type": "text", "text": "How many?"}],
                        }
                    ]
                ),
                "answer": "$\\boxed{6}$",
            }
        ],
        [("<image>How many?", [], "6", 1, "0")],
    ),
    # github.com/open-compass/VLMEvalKit, vlmeval/dataset/image_mcq.py
    "vlmevalkit": Published(
        [
            {
                "index": 3,
                "hint": "Look closely.",
                "question": "What is it?",
                "A": "a cat",
                "B": "a dog",
                "C": None,
                "D": None,
                "answer": "B",
                "category": "x",
                "image": base64.b64encode(picture(1)).decode(),
            }
        ],
        [("<image>Look closely.\nWhat is it?", ["a cat", "a dog"], "B", 1, "3")],
    ),
}
