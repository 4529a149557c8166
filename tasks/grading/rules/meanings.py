"""Answers in words of which there are only so many: no solution, does not exist, infinity, infinitely many, diverges, impossible, `ℤ`.

A closed vocabulary of whole phrases, each with what it means; a phrase with any other word means nothing here.
"""

import re
from functools import lru_cache

from tasks.grading.rules.rule import Context

MAX_CHARS = 120
_PHRASES = {
    "nothing": (
        r"\emptyset|\{\}|\{ \}|empty set|null set|none|no solution|no solutions|no real solution|no real solutions|"
        "no real roots|no real root|no roots|no root|no answer|no such number|no such numbers|no such value|no such values|"
        "no such x|no values|no value|no value of x|no values of x|no real numbers|no real number|no real values|no zeros|"
        "no real zeros|inconsistent|solution set is empty|not solvable|unsolvable|无解|方程无解|"
        "不等式无解|无实数解|无实数根|没有实数根|没有实数解|没有解|空集|方程组无解|解なし|없음|해가 없다|해가 없음|"
        "sin solución|sin solucion|no tiene solución|no hay solución|pas de solution|aucune solution|keine Lösung"
    ),
    "does not exist": (
        "dne|d.n.e|d.n.e.|does not exist|do not exist|doesn't exist|don't exist|doesnt exist|not exist|nonexistent|"
        r"non-existent|\nexists|no limit|not exists|cannot exist|can not exist|不存在|极限不存在|無し|存在しない|no existe|"
        "n'existe pas"
    ),
    "undefined": (
        "undefined|not defined|is not defined|undef|undefined slope|no defined value|division by zero|meaningless|未定义|"
        "无定义|没有定义|无意义|没有意义|定義されない|indefinido|no definido|non défini"
    ),
    "infinity": (
        r"\infty|+\infty|infinity|positive infinity|plus infinity|+infinity|+ infinity|infinite|inf|\infinity|正无穷|正无穷大|"
        "无穷大|无穷|无限大|無限大|infinito|l'infini"
    ),
    "minus infinity": r"-\infty|-infinity|- infinity|negative infinity|minus infinity|-inf|负无穷|负无穷大|负无限大",
    "infinitely many": (
        r"infinitely many|an infinite number|infinite number|infinitely|infinite|infinity|\infty|\infty solutions|"
        "infinitely many solutions|"
        "infinite solutions|an infinite number of solutions|infinite number of solutions|infinitely many real solutions|"
        "infinitely many values|infinitely many answers|infinitely many ways|infinitely many points|"
        "countless|无数|无数个|无数解|无穷多|无穷多个|无穷多解|有无数个解|有无数个|无数条|无限个|无限多|"
        "无限多个|有无穷多解|有无穷多个解|無数|無数にある|무수히 많다"
    ),
    "diverges": (
        "diverges|divergent|divergence|does not converge|not convergent|doesn't converge|divergent series|发散|発散|发散的|"
        "diverge"
    ),
    "converges": "converges|convergent|convergence|does not diverge|convergent series|收敛|収束|收敛的|converge",
    "impossible": (
        "impossible|not possible|isn't possible|it can't be done|it cannot be done|cannot be done|不可能|impossible event|"
        "不可能事件|imposible"
    ),
    "possible": "possible|可能|可能的|posible",
    "cannot be determined": (
        "cannot be determined|can not be determined|can't be determined|cannot determine|not determinable|undeterminable|"
        "undetermined|cannot be known|impossible to determine|"
        "not possible to determine|not enough information|not enough info|insufficient information|"
        "insufficient data|not enough data|not enough information to determine|not enough information given|no way to tell|"
        "no way to know|cannot be calculated|cannot be found|无法确定|不能确定|不确定|无法判断|条件不足|信息不足|无法计算"
    ),
    "yes": "yes|是|是的|对|对的|可以|sí|oui|ja|はい|네|예|да",
    "no": "no|否|不是|不|不对|不能|不可以|non|nein|nee|いいえ|아니요|아니오|нет",
    "true": "true|t|正确|对|对的|真|正しい|verdadero|vrai|wahr",
    "false": "false|f|错误|错|错的|不正确|不对|假|誤り|falso|faux|falsch",
    "ℤ": (
        r"\mathbb{Z}|all integers|integers|set of integers|set of all integers|all integer numbers|any integer|every integer|"
        "整数|所有整数|整数集|全体整数|任意整数"
    ),
    "ℕ": (
        r"\mathbb{N}|all natural numbers|natural numbers|set of natural numbers|set of all natural numbers|any natural number|"
        "自然数|所有自然数|自然数集"
    ),
    "positive integers": (
        r"\mathbb{N}|\mathbb{Z}^+|\mathbb{Z}^{+}|\mathbb{Z}_+|\mathbb{Z}_{>0}|\mathbb{N}^*|\mathbb{N}^+|\mathbb{N}_+|all positive integers|"
        "positive integers|set of positive integers|set of all positive integers|any positive integer|正整数|所有正整数|"
        "正整数集"
    ),
    "ℚ": (
        r"\mathbb{Q}|all rational numbers|rational numbers|set of rational numbers|set of all rational numbers|all rationals|"
        "有理数|有理数集|所有有理数|全体有理数"
    ),
    "ℂ": (
        r"\mathbb{C}|all complex numbers|complex numbers|set of complex numbers|set of all complex numbers|any complex number|"
        "复数|复数集|所有复数"
    ),
    ">": ">|greater than|is greater than|more than|larger than|大于",
    "<": "<|less than|is less than|smaller than|fewer than|小于",
    "=": "=|equal to|equals|is equal to|equal|the same as|等于|相等",
    ">=": r"\ge|\geq|\geqslant|>=|greater than or equal to|at least|大于等于|大于或等于|不小于",
    "<=": r"\le|\leq|\leqslant|<=|less than or equal to|at most|小于等于|小于或等于|不大于",
}  # fmt: skip
_FAMILIES = (
    {"infinity", "infinitely many", "minus infinity", "nothing"},
    {"diverges", "converges"},
    {"impossible", "possible"},
    {"ℤ", "ℕ", "ℚ", "ℂ"},
    {"ℤ", "positive integers", "ℚ", "ℂ"},
    {">", "<", "=", ">=", "<="},
)
"""Meanings that exclude each other. Others may or may not be the same to a teacher (`no solution`, `undefined`): not for a rule to say."""
_NOTHING_OF_A_KIND = frozenset({"nothing of a kind"})
"""`no integer solutions`: follows from `no solution`, and does not say it."""
_SAME = {"does not exist": {"undefined"}}
"""What else a phrase says: a value that does not exist is undefined."""
_MEANINGS: dict[str, frozenset[str]] = {}
for _meaning, _phrases in _PHRASES.items():
    for _phrase in _phrases.split("|"):
        _key = _phrase if "mathbb" in _phrase else _phrase.casefold()
        _MEANINGS[_key] = _MEANINGS.get(_key, frozenset()) | {_meaning} | _SAME.get(_meaning, set())
_SUBJECT = re.compile(
    r"(?:(?:therefore|thus|so|hence),?\s+)?(?:there\s+(?:is|are|exists?)\s+|(?:the\s+|this\s+|a\s+)?(?:(?:given|two.sided|one.sided)\s+)?"
    r"(?:equations?|system|limit|series|function|integral|sum|inequality|value|slope|answer|sequence|expression|solution set|solutions?|"
    r"number|domain|range|set|derivative|inverse|result|it|they|x|y|f\(x\)|f)(?:\s+(?:of|for)\s+(?:the\s+)?[a-z]+(?:\s+equations?)?)?\s+"
    r"(?:(?:has|have|is|are|contains?|goes to|tends to|approaches|to|equals|belongs to)\s+)?|has\s+|have\s+|is\s+|are\s+|=\s+|"
    r"(?:goes|tends|diverges)\s+to\s+|approaches\s+)"
)
_FROM_WHAT = re.compile(
    r"\s+(?:(?:from|with|by|based on)\s+(?:the\s+)?(?:given\s+)?(?:information|data|diagram|figure)"
    r"(?:\s+(?:given|provided|available|alone))*|"
    r"(?:to|for|of)\s+(?:the|this)\s+(?:given\s+)?(?:equation|inequality|system(?:\s+of\s+equations)?|problem))$"
)
_NUMBERS_NAME = re.compile(r"\\mathbb\{[a-z]\}")
_MEMBER = re.compile(r"[a-z]\s*\\in(?![a-z])\s*")
_NO_SUCH = re.compile(r"no such (?:[a-z]|\\?\(?[a-z], ?[a-z]\)?|[a-z]{4,12}(?: [a-z]{4,12})?)")
"""What is asked for does not exist, whatever it is."""
_QUALIFIED = re.compile(
    r"no (?:(?:positive|negative|integer|integral|rational|whole number|non-?zero|valid|possible|such|prime|natural number)\s){1,3}"
    r"(?:solutions?|roots?|integers?|numbers?|values?)(?: exists?| of x)?"
)


def same_meaning(answer: str, gold: str, context: Context) -> bool | None:
    """`DNE` is `does not exist`, `∅` is `no solution`, `∞` is `infinity`: the same meaning, where both are known."""
    if max(len(answer), len(gold)) > MAX_CHARS:
        return None
    one, other = meanings(answer), meanings(gold)
    if not one or not other:
        return None
    if _NOTHING_OF_A_KIND in (one, other):
        return True if "nothing" in one else None
    if one & other:
        return True
    return False if all(any({a, b} <= family for family in _FAMILIES) for a in one for b in other) else None


@lru_cache(maxsize=4096)
def meanings(text: str) -> frozenset[str]:
    """What a plain text may mean, nothing where it is not in the vocabulary."""
    key = _NUMBERS_NAME.sub(lambda match: match[0].upper(), text.casefold()).replace(r"\MATHBB", r"\mathbb")
    key = _FROM_WHAT.sub("", _MEMBER.sub("", key, count=1).strip(" .!()"), count=1)
    for candidate in (key, _SUBJECT.sub("", key, count=1)):
        candidate = candidate.removesuffix(" exists").removesuffix(" exist") if candidate.startswith(("no ", "none ")) else candidate
        candidate = candidate.removeprefix("the ")
        if found := _MEANINGS.get(candidate):
            return found
        if _NO_SUCH.fullmatch(candidate):
            return frozenset({"nothing"})
        if _QUALIFIED.fullmatch(candidate):
            return _NOTHING_OF_A_KIND
    return frozenset()
