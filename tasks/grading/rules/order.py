"""Decides whether two answers are the same, by cheap exact rules; what they cannot decide is a question for math-verify.

Each rule looks at two plain texts and says True, False or, where it is not its business, None; the first that decides wins.
"""

from tasks.grading.forms.plain import plain
from tasks.grading.rules.bases import same_base
from tasks.grading.rules.dates import same_date, same_year
from tasks.grading.rules.domains import same_domain
from tasks.grading.rules.equations import approximation, equation
from tasks.grading.rules.formulas import differs_at_a_point, imaginary_unit, qualified, same_antiderivative
from tasks.grading.rules.intervals import same_region
from tasks.grading.rules.labels import label_and_text
from tasks.grading.rules.lists import hedge, one_of_several, plus_or_minus, same_assignments, same_list, union
from tasks.grading.rules.matrices import same_matrix
from tasks.grading.rules.meanings import same_meaning
from tasks.grading.rules.names import bound, nothing_in_common, table_or_number
from tasks.grading.rules.numbers import decimal_comma, same_number
from tasks.grading.rules.phrases import same_phrase
from tasks.grading.rules.prose import number_in_prose, number_with_words
from tasks.grading.rules.ratios import same_ratio
from tasks.grading.rules.remainders import same_remainder
from tasks.grading.rules.rule import Context, Decision, Rule
from tasks.grading.rules.size import too_complex, too_large
from tasks.grading.rules.stated import stated_value
from tasks.grading.rules.statements import same_letters, same_statements
from tasks.grading.rules.text import different_words, none_of_these, same_text
from tasks.grading.rules.times import same_time
from tasks.grading.rules.yes_no import yes_or_no

GRADER_VERSION = 3
"""Raise it with every change of RULES, or of extraction, that can change a verdict: stored responses are then judged anew."""

RULES: tuple[Rule, ...] = (
    same_text,
    too_complex,
    same_number,
    too_large,
    same_meaning,
    same_domain,
    none_of_these,
    yes_or_no,
    stated_value,
    same_date,
    same_base,
    same_remainder,
    decimal_comma,
    same_time,
    same_year,
    same_ratio,
    approximation,
    same_region,
    same_letters,
    same_statements,
    qualified,
    same_antiderivative,
    imaginary_unit,
    plus_or_minus,
    hedge,
    label_and_text,
    same_matrix,
    same_assignments,
    same_list,
    one_of_several,
    union,
    bound,
    equation,
    number_with_words,
    number_in_prose,
    same_phrase,
    different_words,
    table_or_number,
    nothing_in_common,
    differs_at_a_point,
)


def by_the_rules(precision: int | None = None, ordered: bool = False) -> Context:
    """How to compare by all rules: numbers to so many decimals (exactly, where None), plain lists in any order unless `ordered`."""
    return Context(precision, ordered, RULES)


def compare(answer: str, gold: str, context: Context | None = None) -> Decision:
    """Compares two answers as written, numbers exactly where no context says otherwise; never longer than some milliseconds."""
    return (context or by_the_rules()).decide(plain(answer), plain(gold))
