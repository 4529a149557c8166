"""Signs that are no LaTeX, as LaTeX: Unicode (`⅓`, `x⁴`, `≤`, `𝑥`), HTML (`x<sup>2</sup>`, `&lt;`) and code (`x**2`, `sqrt(3)`, `ln 2`)."""

import html
import re
import unicodedata

_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
_GREEK = {"π": "pi", "θ": "theta", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "λ": "lambda", "ρ": "rho",
          "σ": "sigma", "φ": "varphi", "ω": "omega", "Δ": "Delta", "Θ": "Theta", "Σ": "Sigma", "Φ": "Phi"}  # fmt: skip
_UNICODE = str.maketrans({
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # ０-９, Ａ-ｚ and the signs between them
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)},  # 𝑥 and 𝐀, as chats show them
    **{chr(code): re.sub(r"([23])$", r"^\1", unicodedata.normalize("NFKC", chr(code))) for code in range(0x3380, 0x33D4)},  # ㎝ and ㎡
    **{sign: r"\frac{{{}}}{{{}}}".format(*unicodedata.normalize("NFKC", sign).split("⁄")) for sign in _VULGAR},
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "÷": r"\div ", "∗": "*", "⁄": "/", "∕": "/", "°": r"^{\circ}", "˚": r"^{\circ}", "º": r"^{\circ}", "℃": r"^{\circ}C",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "⩽": r"\le ",
    "⩾": r"\ge ", "≠": r"\neq ", "≈": r"\approx ", "±": r"\pm ", "∓": r"\mp ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ",
    "∠": r"\angle ", "△": r"\triangle ", "⊥": r"\perp ", "∥": r"\parallel ", "≡": r"\equiv ", "→": r"\to ", "∫": r"\int ",
    "∑": r"\sum ", "∏": r"\prod ", "∧": r"\land ", "∨": r"\lor ", "¬": r"\neg ", "∉": r"\notin ", "⊂": r"\subset ",
    "⊆": r"\subseteq ", "∖": r"\setminus ", "≅": r"\cong ", "∀": r"\forall ", "∃": r"\exists ", "„": '"', "«": '"', "»": '"',
    "…": r"\ldots ", "⟨": "(", "⟩": ")", "ℝ": r"\mathbb{R} ", "ℤ": r"\mathbb{Z} ", "ℕ": r"\mathbb{N} ",
    "ℚ": r"\mathbb{Q} ", "∅": r"\emptyset ", "ⅇ": "e", "ⅈ": "i", "Ω": "Ω", "µ": "μ", "￥": "¥", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u2061": "", "\u2062": "", "\u200b": "", "\ufeff": "",
    **{sign: rf"\{name} " for sign, name in _GREEK.items()},
    **dict.fromkeys("\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060", ""), "∶": ":", "ː": ":",
    "。": ".", "；": ";", "、": ",", "′": "'", "″": "''", "“": '"', "”": '"', "’": "'", "‘": "'",
})  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵏᵐ", "0123456789+-=()nixykm", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₓₐₖₘᵢⱼ", "0123456789+-=()nxakmij", strict=True))
_SUPERSCRIPT = re.compile(f"[{''.join(_RAISED)}]+")
_SUBSCRIPT = re.compile(f"[{''.join(_LOWERED)}]+")
_ROOT = re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z])")
_INDEXED_ROOT = re.compile(r"(\\sqrt\[[34]\])\s*(\d+|[A-Za-z])")
_ENTITY = re.compile(r"&(?:lt|gt|le|ge|ne|nbsp|times|minus|amp|pi|deg|middot|divide|radic|infin|plusmn|sup[123]|frac\d\d|#\d{1,5});")
_RAISING_TAG = re.compile(r"<(su[pb])>([^<>]{1,40})</su[pb]>", re.IGNORECASE)
_FUNCTION = re.compile(
    r"(?<![A-Za-z\\])(ln|log|lg|exp|sinh|cosh|tanh|(?:arc)?(?:sin|cos|tan)|cot|sec|csc)"
    r"(?=\s*[\d({\\^_|]|\s+[A-Za-z](?![A-Za-z])|[xyt](?![A-Za-z]))"
)
_ARC = re.compile(r"(?<![A-Za-z\\])a(sin|cos|tan)(?=\s*\()")
_BARE_ROOT = re.compile(r"(?<![A-Za-z\\])sqrt\s*(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))")
_BARE_BRACKETED_ROOT = re.compile(r"(?<![A-Za-z\\])sqrt(?=\s*[({])")
_BARE_PI = re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])")
_LETTER_TIMES = re.compile(r"(?<=\d)\s*[xX]\s*(?=10\s*\^)|(?<=\d)\s[xX]\s(?=\d)")
_DECIMAL_THEN_DOTS = re.compile(r"(?<![\d.])(\d{0,30}\.\d{1,60})\s?\.{3}\.?")
_LISTED_DOTS = re.compile(r"(?<=[,+])\s?\.{3}")


def latex_signs(text: str) -> str:
    """The text with these signs as LaTeX. Linear in the text."""
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _RAISING_TAG.sub(lambda match: f"{'^' if match[1].lower() == 'sup' else '_'}{{{match[2]}}}", text)
    text = _SUPERSCRIPT.sub(lambda match: _script("^", match[0], _RAISED), text)
    text = _SUBSCRIPT.sub(lambda match: _script("_", match[0], _LOWERED), text)
    text = _INDEXED_ROOT.sub(r"\1{\2}", _ROOT.sub(r"\\sqrt{\1}", text.translate(_UNICODE))).replace("√", r"\sqrt")
    return _of_code(_LISTED_DOTS.sub(r"\\ldots ", _DECIMAL_THEN_DOTS.sub(r"\1\\ldots ", text)))


def _script(sign: str, characters: str, letters: dict[str, str]) -> str:
    """Raised or lowered characters: `²` as `^2`, `²³` as `^{23}`, `₂` as `_{2}`, as `log₂8` goes on."""
    text = "".join(letters[character] for character in characters)
    return f"^{text}" if sign == "^" and len(text) == 1 else f"{sign}{{{text}}}"


def _of_code(text: str) -> str:
    """Names of functions and signs as one types them: `sqrt 3`, `ln 2`, `2*pi`, `x**2`, `1.5 x 10^3`."""
    text = _BARE_BRACKETED_ROOT.sub(r"\\sqrt", _BARE_ROOT.sub(r"\\sqrt{\1}", _powers(text)))
    text = _BARE_PI.sub(r"\\pi ", _FUNCTION.sub(r"\\\1 ", _ARC.sub(r"\\arc\1", text)))
    return _LETTER_TIMES.sub(r"\\times ", text)


def _powers(text: str) -> str:
    """`x**2` as `x^2`. Two stars that set something in bold are dropped: after a blank or a sign, or where they close what they opened."""
    first, *others = text.split("**")
    pieces, bold = [first], False
    for piece in others:
        before = pieces[-1]
        joined = before[-1:].isspace() == piece[:1].isspace()
        power = not bold and joined and re.search(r"[\w)\]}]\s?$", before[-2:]) and re.match(r"\s?[\w(+\-{\\]", piece)
        bold = not power and not bold
        pieces.append(f"^{piece}" if power else piece)
    return "".join(pieces)
