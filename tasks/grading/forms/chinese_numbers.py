"""Numbers in Chinese characters: `一百零五`, `一万两千`, `12万`, `二〇二一`, `三点五`, `三分之二`, `第三`, `负五`, `一半`."""

import re
from fractions import Fraction

_DIGITS = {character: value for value, row in enumerate(
    ("零〇", "一壹", "二两贰兩", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for character in row
}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_ALL = "".join([*_DIGITS, *_TENS, *_MYRIADS])
_MAY_BE = re.compile(rf"[{_ALL}第负半点分之又个\d.,\s]{{1,60}}")
_WITH_DIGITS = re.compile(r"(\d{1,20}(?:\.\d{1,20})?)\s*([百千万萬亿億]+)")
HALVES = ("半", "一半")


def chinese_number(text: str) -> Fraction | None:
    """The number that a text writes in Chinese; None where it writes none, or one in digits alone."""
    if not _MAY_BE.fullmatch(text) or text.isascii():
        return None
    sign = -1 if text[0] == "负" else 1
    number = _unsigned(text[1:] if text[0] in "负第" else text)
    return None if number is None else sign * number


def _unsigned(text: str) -> Fraction | None:
    if text in HALVES:
        return Fraction(1, 2)
    whole, mixed, rest = text.rpartition("又")
    denominator, parts, numerator = rest.partition("分之")
    if not parts:
        return None if mixed else _decimal(text)
    n, d, w = _decimal(numerator), _decimal(denominator), _decimal(whole) if mixed else Fraction(0)
    return None if n is None or not d or w is None else w + n / d


def _decimal(text: str) -> Fraction | None:
    """`三点一四`, `12万`, `五`, `5`."""
    if match := _WITH_DIGITS.fullmatch(text):
        scale = _scale(match[2])
        return Fraction(match[1]) * scale if scale else None
    if re.fullmatch(r"\d{1,20}(?:\.\d{1,20})?", text):
        return Fraction(text)
    whole, point, digits = text.partition("点")
    value = _whole(whole)
    if not point:
        return None if value is None else Fraction(value)
    if value is None or not digits or any(digit not in _DIGITS for digit in digits):
        return None
    return Fraction(f"{value}.{''.join(str(_DIGITS[digit]) for digit in digits)}")


def _scale(text: str) -> int | None:
    """`万`, `千万`, `百亿`: a scale, or one times a myriad."""
    sizes = [{**_TENS, **_MYRIADS}[character] for character in text]
    if len(sizes) == 1:
        return sizes[0]
    return sizes[0] * sizes[1] if len(sizes) == 2 and text[0] in _TENS and text[1] in _MYRIADS else None


def _whole(text: str) -> int | None:
    """A whole number; a row of three or more digits (`二〇二一`) is read digit by digit."""
    if not text or len(text) > 30 or any(character not in _ALL for character in text):
        return None
    if all(character in _DIGITS for character in text):
        row = len(text) > 2 and text[0] not in "零〇两"
        return int("".join(str(_DIGITS[character]) for character in text)) if row or len(text) == 1 else None
    total, last, parts = 0, 10**12, re.findall(r"[^万萬亿億]+[万萬亿億]?", text)
    for part in parts:
        size = _MYRIADS.get(part[-1], 1)
        value = _below_myriad(part[:-1] if size > 1 else part, last if size == 1 and last < 10**12 else 0)
        if value is None or size >= last:
            return None
        total, last = total + value * size, size
    return total if "".join(parts) == text else None


def _below_myriad(text: str, above: int) -> int | None:
    """`一千零五`, `三百二`, `十二`. above: the scale before, 0 for none; a last digit by itself is a tenth of it (`一万五` is 15000)."""
    total, digit, last = 0, None, 10**4
    for character in text:
        if character in _TENS:
            size = _TENS[character]
            if size >= last or (digit is None and size != 10):
                return None
            total, digit, last = total + (1 if digit is None else digit) * size, None, size
        elif digit is not None and digit != 0:
            return None
        else:
            digit = _DIGITS[character]
    if digit and len(text) > 1 and text[-2] in _TENS and last > 10:
        return total + digit * last // 10
    if digit and len(text) == 1 and above:
        return digit * above // 10
    return total + (digit or 0)
