from __future__ import annotations

import json
import lzma
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import maths
from app.domain.maths import nesting, to_mathml
from app.domain.tex import to_html
from tests.real import REAL


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\mathbbm{1}", "<mi>𝟙</mi>"),
        (r"\mbox{if } x", "<mtext>if\N{NO-BREAK SPACE}</mtext>"),
        (r"\text{if $x$ or}", "<mi>x</mi><mtext>\N{NO-BREAK SPACE}or"),
        (r"\ensuremath{x}", "<mi>x</mi>"),
        (r"\bm{x}", "<mi>𝒙</mi>"),
        (r"\RR^d", "<mi>ℝ</mi>"),
        (r"\widetilde{x}", "<mover"),
        ("50%", "<mi>%</mi>"),
        (r"\unicode{x2013}", "<mi>–</mi>"),
        (r"\begin{align}a&=b\label{c}\\c&=d\end{align}", "<mtable"),
        (r"\begin{eqnarray}a&=&b\end{eqnarray}", "<mtable"),
        (r"|\mine| < 3", r"<mtext>\mine</mtext>"),
        (r"\H^n", r"<mo>\</mo>"),
        (r"\lambda\_{p}", "<msub><mi>λ</mi><mi>p</mi></msub>"),
        (r"\braket{a|b}", '<mo stretchy="false">⟩</mo>'),
        (r"a \pmod{n}", "</mtext><mi>n</mi><mtext>)"),
        ("f(" * 9 + "x" + ")" * 9, '<mo stretchy="false">)</mo>'),
    ],
)
def test_what_abstracts_need_is_converted(tex: str, part: str) -> None:
    assert part in (to_mathml(tex) or "")


@pytest.mark.parametrize(
    "tex",
    [r"\mine{x}{y}", r"\frac", "}", r"\def\a{b}\a", "x" * 2001, "{" * 41 + "}" * 41, "a & b"],
)
def test_what_can_not_be_converted_well_is_refused(tex: str) -> None:
    assert to_mathml(tex) is None


@pytest.mark.parametrize(
    ("tex", "least"),
    [
        ("x", 0),
        ("x+y" * 100, 0),
        ("{{x}}", 2),
        (r"\frac" * 50, 50),
        (r"\frac x" * 50, 50),
        (r"\frac{x}" * 50, 50),
        ("x^" * 50, 50),
        ("x_{" * 50, 50),
        (r"\hat\hat{" * 20, 40),
    ],
)
def test_nesting_is_never_underestimated(tex: str, least: int) -> None:
    assert least <= nesting(tex) <= 3 * least + 1


NASTY = [
    "{" * 10_000,
    "{" * 900 + "x" + "}" * 900,
    r"\frac" * 380,
    r"\frac{" * 300,
    r"\frac x" * 280,
    r"\sqrt" * 5_000,
    r"\sqrt" * 390,
    r"\sqrt[" * 300,
    r"\left(" * 5_000,
    r"\left(" * 300,
    "x^" * 900,
    "^" * 1_900,
    "_{" * 900,
    r"\begin{matrix}" * 500,
    r"\begin{matrix}" * 140,
    r"\hat" * 480,
    r"\text{" * 330,
    r"\def\a{" + r"\hat" * 100 + "}" + r"\a" * 200 + "x",
    r"\newcommand\a[1]{\hat{\hat{#1}}}" + r"\a" * 200 + "x",
    r"\let\a\a \a",
    "[" * 1_000,
    "[ " * 900,
    "(x" * 900,
    r"\{" * 900,
    r"\langle " * 200,
    r"\lvert " * 200,
    r"\bigl(" * 300,
    r"^\bigr|(" * 200,
    r"\pmod(" * 300,
    r"\bra(" * 300,
    r"\set{x(}" * 200,
    r"\mathchoice([\Bigl[\Bigl[" * 80,
    r"{[}" * 600,
    r"\sin(" * 390,
    "⟨" * 1_900,
    r"\\[" * 600,
    "x!" * 990,
    "'" * 1_990,
]


def test_nasty_formulas_leave_the_process_alive_even_on_a_small_stack() -> None:
    """math-core overflows the stack on nesting, and needs exponential time on open brackets."""
    program = (
        "import json, sys, threading\n"
        "from app.domain.tex import to_html, to_text\n"
        "def run():\n"
        "    for tex in json.load(sys.stdin):\n"
        "        for source in (f'${tex}$', f'$${tex}$$', tex):\n"
        "            to_html(source), to_html(source, paragraphs=True), to_text(source)\n"
        "    print('alive')\n"
        "threading.stack_size(512 * 1024)\n"
        "thread = threading.Thread(target=run)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(NASTY),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


def test_threads_may_convert_at_the_same_time() -> None:
    wrong: list[str] = []

    def convert(number: int) -> None:
        for i in range(200):
            source = f"$x_{{{number}}}^{{{i}}}$"
            expected = f"<mn>{number}</mn><mn>{i}</mn>"
            if expected not in to_html(source):
                wrong.append(source)

    threads = [threading.Thread(target=convert, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- shortcuts: where nothing is to be rewritten, and where all elements are listed ones


@contextmanager
def without_shortcuts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maths, "_REWRITTEN", re.compile(""))
        patch.setattr(maths, "_LISTED", re.compile("(?!)"))
        yield


TEX = [
    "x", "2", "[", "(", "{", "}", "_", "^", "&", "%", "#", "$", " ", "\\", r"\{", r"\_{", r"\%",
    r"\,", "⟨", "\\\n", r"\alpha", r"\mine", r"\rm", r"\cal{", r"\it", r"x_\bf", r"\text{if",
    r"\hbox{", r"\mbox", r"\text{a $", "$}", r"\tag{1}", r"\label{a}", r"\nonumber", r"\notag",
    r"\begin{align}", r"\end{align}", r"\begin{eqnarray*}", r"\end{equation}", r"\unicode{x2013}",
    r"\leqno", r"\left(", r"\right)", r"\frac", r"\sqrt[", r"\langle", r"\R",
]  # fmt: skip
MARKUP = [
    "x", "<", ">", "/", '"', "&", ";", "\n", "<mi>", "</mi>", '<mo stretchy="false">', "<mi >",
    '<mspace width="1em"/>', "<mspace />", "<script>", '<mi onclick="x">', "<merror>", "</merror>",
    '<mi mathvariant="a" class="b">', '<mi mathvariant="&">', "<mix>", "<a>", "<M>", "&lt;", "&lt",
    "&ApplyFunction;", "&#60;", "&amp;x", '<mtd style="a:b;">', '</mi form="a">',
]  # fmt: skip


@given(st.lists(st.sampled_from(TEX), max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_a_formula_without_anything_to_rewrite_is_the_same_rewritten(tex: str) -> None:
    prepared = maths._prepared(tex)
    with without_shortcuts():
        assert maths._prepared(tex) == prepared


@given(st.lists(st.sampled_from(MARKUP), max_size=8).map("".join))
@settings(max_examples=300, deadline=None)
def test_what_holds_listed_elements_alone_is_what_is_kept_of_it(mathml: str) -> None:
    safe = maths._safe(mathml)
    with without_shortcuts():
        assert maths._safe(mathml) == safe


@pytest.mark.skipif(REAL is None, reason="no real arXiv data here")
def test_real_abstracts_look_the_same_without_shortcuts() -> None:
    assert REAL is not None
    with lzma.open(REAL / "corpus.jsonl.xz") as file:
        texts = [json.loads(raw)["abstract"] for raw in islice(file, 0, 60_000, 20)]
    rendered = [to_html(text, paragraphs=True) for text in texts]
    to_mathml.cache_clear()
    with without_shortcuts():
        assert [to_html(text, paragraphs=True) for text in texts] == rendered
    to_mathml.cache_clear()
