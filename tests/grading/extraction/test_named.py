"""Choices named by their text inside a sentence, and answers that open with yes or no."""

import pytest

from tasks.grading.extraction.answer import final_answer

FISH = ("carp", "trout", "bass", "Both A and B")
YES_NO = ("Yes", "No")
NAMED = [
    ("Based on the image, the fish is a carp.", FISH, "carp"),
    ("The fish is a trout. It has spots and lives in cold water.", FISH, "trout"),
    ("The most affected would be the bass, as they feed on the trout.", FISH, "bass"),
    ("Looking at the list (carp, trout, bass), the largest is the bass.", FISH, "bass"),
    ("If all die, the bass will suffer. They will not have enough to eat.", FISH, "bass"),
    ("It is a carp, not a trout.", FISH, "carp"),
    ("If the trout die, the carp will be affected.", FISH, "carp"),
    ("The model with the highest score is RFT U13B.", ("ICL", "RFT k=100", "RFT U13B"), "RFT U13B"),
    ("The largest part is the superior lobe.", ("Inferior lobes", "Superior lobes"), "Superior lobes"),
    ("It cannot be determined.", ("carp", "cannot be determined"), "cannot be determined"),
]
UNNAMED = [
    ("The carp is larger than the trout.", FISH),
    ("It is not a carp.", FISH),
    ("It is either a carp or a trout.", FISH),
    ("Is it a carp?", FISH),
    ("I cannot tell whether it is a carp.", FISH),
    ("The carpenter came.", FISH),
    ("The carp is not the largest.", FISH),
]
SAID = [
    ("No, it is not.", YES_NO, "No"),
    ("No, the number of red cars is not less than 5.", YES_NO, "No"),
    ("Yes, Cyan is greater than Maroon.", ("yes", "no"), "Yes"),
    ("Based on the chart, no, it is not the maximum.", ("yes", "no"), "no"),
    ("No, Periwinkle is not the minimum. The minimum color is A.", ("yes", "no"), "No"),
    ("C) No, Dark Blue is not the high median.", ("yes", "no"), "No"),
    ("The lamp is off, as the picture shows.\n\nNo", (), "No"),
    ("Yes, the two are similar.", (), "Yes"),
    ("True. They are equal.", (), "True"),
]
NOT_SAID = [
    ("Yes, but actually no.", YES_NO),
    ("No... wait, yes.", ()),
    ("No one is there, but they see it.", YES_NO),
    ("There is no red car in the picture.", YES_NO),
    ("Yesterday it rained.", YES_NO),
    ("I cannot say yes or no.", YES_NO),
    ("No information is given.", ()),
]


@pytest.mark.parametrize(("response", "choices", "choice"), NAMED)
def test_a_choice_is_named_by_its_text(response: str, choices: tuple[str, ...], choice: str) -> None:
    found = final_answer(response, choices)
    assert found is not None and found[:2] == (choice, "choice")


@pytest.mark.parametrize(("response", "choices"), UNNAMED)
def test_a_choice_that_is_denied_or_one_of_two_is_not_named(response: str, choices: tuple[str, ...]) -> None:
    found = final_answer(response, choices)
    assert found is None or found.found != "choice"


@pytest.mark.parametrize(("response", "choices", "word"), SAID)
def test_yes_and_no_open_a_response_or_end_it(response: str, choices: tuple[str, ...], word: str) -> None:
    found = final_answer(response, choices)
    assert found is not None and found.text == word


@pytest.mark.parametrize(("response", "choices"), NOT_SAID)
def test_other_words_say_neither_yes_nor_no(response: str, choices: tuple[str, ...]) -> None:
    found = final_answer(response, choices)
    assert found is None or found.text.casefold() not in ("yes", "no")
