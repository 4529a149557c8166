"""The plain form: what chats, code, HTML and careless LaTeX write for one thing is one text; what differs stays different."""

import pytest

from tasks.grading.forms.plain import plain, text_key

PLAIN = [
    ("⅓", r"\frac{1}{3}"),
    ("2½", r"2\frac{1}{2}"),
    ("x⁴", "x^4"),
    (r"\therefore 12", "12"),
    ("10²³", "10^{23}"),
    ("x⁻¹", "x^{-1}"),
    ("a₁₂", "a_{12}"),
    ("𝑥 ≤ １２", r"x \le 12"),
    ("AB⊥CD", r"AB\perp CD"),
    ("x → ∞", r"x \to \infty"),
    ("∛8", r"\sqrt[3]{8}"),
    ("√13", r"\sqrt{13}"),
    ("600*z**3 + z**2", "600*z^3 + z^2"),
    ("2 ** 3", "2 ^ 3"),
    ("**5**", "5"),
    ("it is **5** or **6**", "it is 5 or 6"),
    ("x<sup>2</sup>", "x^{2}"),
    ("x &lt; 3", "x < 3"),
    ("sqrt 13", r"\sqrt{13}"),
    ("ln 2", r"\ln 2"),
    ("sinx", r"\sin x"),
    ("asin(x)", r"\arcsin(x)"),
    ("tan", "tan"),
    ("a tan coat", "a tan coat"),
    ("1.575 x 10^1", r"1.575\times 10^1"),
    ("2x 10", "2x 10"),
    ("2x", "2x"),
    (r"\dfrac ab", r"\frac{a}{b}"),
    (r"\frac{1}2", r"\frac{1}{2}"),
    (r"\tfrac1{2}", r"\frac{1}{2}"),
    (r"\frac\pi2", r"\frac{\pi}{2}"),
    (r"{2 \over 3}", r"\frac{2}{3}"),
    ("#### 7", "7"),
    (": 42", "42"),
    (":= 42", "42"),
    ("3 : 4", "3 : 4"),
    ("**Answer:** 7", "7"),
    ("*7*", "7"),
    (r"\sqrt\frac{1}{2}", r"\sqrt{\frac{1}{2}}"),
    (r"5 \choose 2", r"\binom{5}{2}"),
    (r"\lg 100", r"\log 100"),
    ("log₂8", r"\log _{2}8"),
    (r"\\left(\\frac{1}{2}\\right)", r"(\frac{1}{2})"),
    (r"x \leqslant 3", r"x \le 3"),
    ("3∶4", "3:4"),
    ("\u200e8", "8"),
    (r"\sqrt[3]2", r"\sqrt[3]{2}"),
    (r"\dbinom{10}{3}", r"\binom{10}{3}"),
    (r"\mathrm{C}_{10}^{3}", r"\binom{10}{3}"),
    (r"\color{red}17", "17"),
    (r"\textcolor{blue}{17}", "17"),
    (r"\pmb{17}\\", "17"),
    (r"\lvert x\rvert", "|x|"),
    (r"11,\! 111", "11,111"),
    ("14 {, }916", "14,916"),
    ("1{,}5", "1.5"),
    ("0.333...", r"0.333\ldots"),
    ("1, 2, ..., n", r"1, 2,\ldots , n"),
    ("So it is 5...", "So it is 5"),
    (r"\int x\,\mathrm{d}x", r"\int x dx"),
    (r"\begin{aligned} x &= 2 \\ y &= 3 \end{aligned}", "x = 2, y = 3"),
    (r"\begin{align*} S &= 1+2 \\ &= 3 \end{align*}", "S = 1+2 = 3"),
    (r"\left\{\begin{array}{l}x=1\\ y=2\end{array}\right.", "x=1, y=2"),
    (r"\begin{cases} x=1 \\ y=2 \end{cases}", "x=1, y=2"),
    (r"\begin{array}{c} 12 \end{array}", "12"),
    (r"\begin{cases} x & x>0 \\ 0 & x<1 \end{cases}", r"\begin{cases} x & x>0 \cr 0 & x<1 \end{cases}"),
    (r"\begin{array}{c}1\\2\end{array}", r"\begin{array}{c}1 \cr 2\end{array}"),
    (r"x=1 \lor x=2", "x=1 or x=2"),
    (r"p \lor q", r"p \lor q"),
    (r"42\ \checkmark", "42"),
    ("= 42", "42"),
    (r"1 \& 2", "1 and 2"),
    ("12㎝", "12cm"),
    ("3㎡", "3m^2"),
    (r"\square", r"\square"),
    (r"\huge{42}", "42"),
    (r"\mathcal{O}(n)", "O (n)"),
    (r"\nicefrac{1}{3}", r"\frac{1}{3}"),
]
DIFFERENT = [
    ("x⁴", "x4"),
    ("a₁", "a1"),
    ("⅓", "13"),
    ("10²³", "1023"),
    ("2**3", "23"),
    (r"1\,1", "11"),
    ("{1,2}", "12"),
    ("0.333...", "0.333"),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_many_spellings_have_one_plain_form_that_stays_as_it_is(text: str, expected: str) -> None:
    assert plain(text) == expected
    assert plain(expected) == expected


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_is_different_stays_different(one: str, other: str) -> None:
    assert text_key(one) != text_key(other)
