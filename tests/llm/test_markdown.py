from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.domain.evidence import Evidence, Found, checked
from app.domain.fulltext import FullText, Kind, Origin, Part
from app.domain.maths import to_mathml
from app.llm.aside import LONGEST
from app.llm.markdown import html
from tests.llm.injections import ANSWERS, EVIDENCE

# Markdown, as models write it


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("A **b** *c* ~~d~~ `e`", "<p>A <strong>b</strong> <em>c</em> <s>d</s> <code>e</code></p>"),
        ("### 1. The *idea*", "<h4>1. The <em>idea</em></h4>"),
        ("# a\n## b\n#### c\n##### d", "<h4>a</h4><h4>b</h4><h5>c</h5><h6>d</h6>"),
        ("a\n\n* * *\n\nb", "<p>a</p><hr><p>b</p>"),
        ("a\n---\nb", "<p>a</p><hr><p>b</p>"),
        ("**A:** x\n**B:** y", "<p><strong>A:</strong> x<br><strong>B:</strong> y</p>"),
        ("> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
        ("As follows:\n- a\n- b", "<p>As follows:</p><ul><li>a</li><li>b</li></ul>"),
        ("As follows:\n1. a\n2. b", "<p>As follows:</p><ol><li>a</li><li>b</li></ol>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("- a\n   - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("- a\n\t- b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("- a\n     - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("1. a\n- b\n2. c", '<ol><li>a</li></ol><ul><li>b</li></ul><ol start="2"><li>c</li></ol>'),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
        ("See[^1].\n\n[^1]: A\n[2]: B", "<p>See[^1].</p><p>[^1]: A<br>[2]: B</p>"),
        ("&lt;b&gt; &amp; &copy; \\*", "<p>&lt;b&gt; &amp; © *</p>"),
        ("", ""),
        (
            "| a | b |\n|:-|-:|\n| 1 | \\| |",
            '<table><thead><tr><th>a</th><th class="right">b</th></tr></thead>'
            '<tbody><tr><td>1</td><td class="right">|</td></tr></tbody></table>',
        ),
    ],
)  # fmt: skip
def test_markdown_is_read_as_models_mean_it(markdown: str, expected: str) -> None:
    assert html(markdown).replace("<br>\n", "<br>").replace(">\n<", "><") == expected


@pytest.mark.parametrize(
    ("markdown", "bold"),
    [
        ("**方法：**这是", "方法："),
        ("这是**“方法”**的", "“方法”"),
        ("这是**（重要）**的", "（重要）"),
        ("由**$x$**给出", None),
        ("**Method:**这是", "Method:"),
        ("これは**「重要」**です", "「重要」"),
        ("이것은**(중요)**입니다", "(중요)"),
        ("**重要**、次要", "重要"),
    ],
)
def test_bold_ends_right_beside_a_wide_character(markdown: str, bold: str | None) -> None:
    shown = html(markdown)
    assert "*" not in shown
    assert f"<strong>{bold or ''}" in shown


@pytest.mark.parametrize("markdown", ["2 * 3 * 4", "** a **", "a_b_c", "* a"])
def test_what_is_not_emphasis_stays_as_it_is(markdown: str) -> None:
    assert "<em>" not in html(markdown)
    assert "<strong>" not in html(markdown)


# Addresses and images


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[code](https://a.example/b_c)", "code (https://a.example/b_c)"),
        ("[**a**](<https://a.example/b c> 'title')", "<strong>a</strong> (https://a.example/b c)"),
        ("[a (b)](https://a.example/x_(y)_z)", "a (b) (https://a.example/x_(y)_z)"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("[https://arxiv.org](https://a.example)", "https://arxiv.org (https://a.example)"),
        ("[x](javascript:pwned())", "x"),
        ("[x](/logout)", "x"),
        ("![a *plot*](https://a.example/b.png)", "a <em>plot</em>"),
        ("[![plot](https://a.example/b.png)](https://a.example)", "plot (https://a.example)"),
        ("<https://a.example>", "&lt;https://a.example&gt;"),
        ("https://a.example", "https://a.example"),
        ("[0, 1](a b)", "[0, 1](a b)"),
    ],
)  # fmt: skip
def test_an_address_is_text_and_an_image_its_own_text(markdown: str, shown: str) -> None:
    assert html(markdown) == f"<p>{shown}</p>"


# Formulas


@pytest.mark.parametrize(
    "markdown",
    [
        "$a_b$ and $c_d$", r"\(a_b\) and \(c_d\)", "**$a_b$** 和$c_d$。", "- $a_b$\n- $c_d$",
        "| $a_b$ |\n|-|\n| $c_d$ |", "> $a_b$\n> $c_d$", "### $a_b$\n$c_d$", "[$a_b$](x) $c_d$",
        "O($a_b$) 10$c_d$", "$a_b$-nn, $c_d$", "`$`$a_b$`` ` ``$c_d$", "\\$$a_b$\\$ $c_d$",
        "$ a_b $ and $ c_d $", "```\n$\n```\n$a_b$ $c_d$", "costs $5 but $a_b$, $c_d$",
    ],
)  # fmt: skip
def test_formulas_in_a_line_are_found_everywhere(markdown: str) -> None:
    shown = html(markdown)
    assert "<math><msub><mi>a</mi><mi>b</mi></msub></math>" in shown
    assert "<math><msub><mi>c</mi><mi>d</mi></msub></math>" in shown


@pytest.mark.parametrize(
    "markdown",
    [
        "$$a_b$$", "$$\na_b\n$$", r"\[a_b\]", "\\[\na_b\n\\]", "\\[\n\na_b\n\n\\]",
        "```math\na_b\n```", "~~~ math\na_b\n~~~", "1. x\n\n   $$\n   a_b\n   $$\n2. y",
        "- x\n\n  ```math\n  a_b\n  ```", "> $$\n> a_b\n> $$", "x\n$$a_b$$\ny", "| $$a_b$$ |\n|-|",
        r"\begin{equation}a_b\end{equation}", "\\begin{equation*}\na_b\n\\end{equation*}",
        "**x**\n    $$a_b$$",
    ],
)  # fmt: skip
def test_displayed_formulas_are_found_everywhere(markdown: str) -> None:
    assert '<math display="block"><msub><mi>a</mi><mi>b</mi></msub></math>' in html(markdown)


@pytest.mark.parametrize(
    ("markdown", "part"),
    [
        ("| $|x|$ | b |\n|-|-|\n| $P(a|b)$ | d |", "<td>d</td>"),
        ("$$\na\n- b\n+ c\n= d\n> e\n# f\n$$", "<mo>&gt;</mo>"),
        ("$$\n\\begin{cases}a & b \\\\\nc & d\\end{cases}\n$$", "<mtable"),
        ("\\[ a \\\\[2pt] b \\]", "<mi>b</mi>"),
        (r"$\text{if $x$ or *y*}$", "*y*"),
        ("$a_1*b_2*c_3$", "∗</mo>"),
        ("> $$\n> a\n> > b\n> $$", "<mi>b</mi>"),
    ],
)
def test_a_formula_is_none_of_markdowns_business(markdown: str, part: str) -> None:
    shown = html(markdown)
    assert part in shown
    assert "<em>" not in shown
    assert "$" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10", "from $5 to $10", "$5–$10", "a $3 million grant, $5 million",
        "US$5 and 7 more$", "$5 the price of all that$", "5$ or 6$",
        "从$5到$10", "一个是$a，另一个是$b", "lone $", "$ $",
        "$x\n\ny$", "costs $20k, or $3 per paper and so on and so forth $",
    ],
)  # fmt: skip
def test_money_stays_text(text: str) -> None:
    assert "<math" not in html(text)
    assert html(text).count("$") == text.count("$")


@pytest.mark.parametrize("text", ["`$a$`", "``a`$b$``", "```\n$a$\n$$b$$\n```", "~~~tex\n\\(a\\)"])
def test_there_are_no_formulas_in_code(text: str) -> None:
    assert "<math" not in html(text)


def test_an_escaped_bracket_is_no_formula() -> None:
    assert html(r"as in \[1, 2\] and \[3\]") == "<p>as in [1, 2] and [3]</p>"


def test_what_can_not_be_shown_as_formula_is_shown_as_source() -> None:
    assert html(r"$\foo{x}{y} < 1$") == r'<p><code class="tex">$\foo{x}{y} &lt; 1$</code></p>'
    assert html("$" + "{" * 100 + "$") == f'<p><code class="tex">${"{" * 100}$</code></p>'


@pytest.mark.parametrize(
    "tex",
    [
        r"\sum_{i=1}^n x_i", r"\overbrace{x}^n", r"\boxed{x}", r"\binom nk", r"\bigl(\Big|\biggr)",
        r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", r"\phantom{x}\hphantom{x}", r"\dfrac12\tfrac12",
        r"\operatorname*{argmax}_x", r"\overline{abc}\widehat{abc}", r"{}_a^bX", r"\rm a",
        r"\left\{x\middle|y\right\}", r"\sqrt[3]{x}", r"\textbf{a}\texttt{b}", r"\xrightarrow{a}",
        r"\displaystyle\sum_i", r"\genfrac(){0pt}{}nk", r"\not=",
    ],
)  # fmt: skip
def test_the_last_layer_takes_nothing_from_a_formula(tex: str) -> None:
    """Its list of MathML is one of its own: it must hold all that formulas are made of."""
    mathml = to_mathml(tex, display=True)
    assert mathml
    shown = html(f"$${tex}$$").removeprefix("<p>").removesuffix("</p>")
    assert _same(shown) == _same(mathml)


def _same(mathml: str) -> str:
    return re.sub(r" ?/>|></\w+>", ">", mathml).replace("\N{NO-BREAK SPACE}", "&nbsp;")


# Evidence


def _evidence(
    markdown: str, *, found: Found = Found.QUOTE, quote: str = "so it is", place: str = "S2.SS1"
) -> list[Evidence]:
    spans = re.finditer(r"\[\[.*?\]\]", markdown, re.DOTALL)
    return [Evidence(m.start(), m.end(), place, quote, found, place) for m in spans]


def _on_arxiv(one: Evidence) -> str:
    return f"https://arxiv.org/html/2601.00001v1#{one.at}"


_LINK = (
    '<a class="evidence" href="https://arxiv.org/html/2601.00001v1#S2.SS1" title="so it is" '
    'rel="nofollow noopener noreferrer">S2.SS1</a>'
)


@pytest.mark.parametrize(
    "markdown",
    [
        "a [[e]].", "**a [[e]]**", "*[[e]]*这", "- a\n  - [[e]]", "| a | [[e|e]] |\n|-|-|",
        "> [[e]]", "### [[e]]", "[a [[e]]](https://a.example)", "$x$ [[e]] `c`", "[[e]](x)",
        "\r\n\ta [[e_*`$]] $", "![[[e]]](https://a.example)", "\x00\u202e&#x202e;[[e]]", "\\[[e]]",
    ],
)  # fmt: skip
def test_found_evidence_links_to_its_place_wherever_it_stands(markdown: str) -> None:
    assert html(markdown, _evidence(markdown), _on_arxiv).count(_LINK) == 1


@pytest.mark.parametrize(
    ("found", "address", "shown"),
    [
        (Found.QUOTE, "https://a.b/", 'a class="evidence" href="https://a.b/" title="q"'),
        (Found.PLACE, "https://a.b/", 'a class="evidence" href="https://a.b/" rel='),
        (Found.NOT_FOUND, "https://a.b/", 'span class="evidence unfound" title="q">S2.SS1<'),
        (Found.QUOTE, "", 'span class="evidence" title="q">S2.SS1<'),
        (Found.QUOTE, "javascript:pwned()", 'span class="evidence" title="q">S2.SS1<'),
        (Found.PLACE, "/pdf/x", 'span class="evidence">S2.SS1<'),
    ],
)  # fmt: skip
def test_evidence_is_shown_by_how_it_was_found(found: Found, address: str, shown: str) -> None:
    evidence = _evidence("[[e]]", found=found, quote="q")
    assert html("[[e]]", evidence, lambda _: address).startswith(f"<p><{shown}")


@pytest.mark.parametrize("markdown", ["`[[e]]`", "```\n[[e]]\n```", "$x[[e]]$", "```[[e]]\na\n```"])
def test_evidence_is_left_alone_in_code_and_formulas(markdown: str) -> None:
    assert html(markdown, _evidence(markdown), _on_arxiv) == html(markdown)


def test_what_was_checked_is_what_is_shown() -> None:
    part = Part("S2.SS1", "2.1 Method", 2, Kind.BODY, "We show that so it is, always.")
    text = FullText(Origin.HTML, (part,), 0, ())
    answer = '**是**[S2.SS1: "so it is"; S9] $x_1$ `[S2.SS1]` 【S2.SS1】'
    shown = html(answer, checked(answer, text), _on_arxiv)
    assert f"[{_LINK}; " in shown
    assert '<span class="evidence unfound">S9</span>]' in shown
    assert shown.count("<a ") == 2


def test_several_pieces_of_evidence_can_share_a_bracket() -> None:
    one, two = (Evidence(2, 10, place, "", Found.PLACE, place) for place in ("S1", "S2"))
    assert re.sub("<[^>]*>", "", html("a [S1; S2] b", [two, one])) == "a S2; S1 b"


def test_evidence_that_overlaps_or_lies_outside_is_ignored() -> None:
    spans = [(0, 3), (2, 4), (4, 4), (5, 99), (-1, 2)]
    evidence = [Evidence(start, end, "S1", "", Found.PLACE, "S1") for start, end in spans]
    assert html("abcdef", evidence) == '<p><span class="evidence">S1</span>def</p>'


# An answer that is still coming


_WHOLE = """### 方法
**方法：**这是 $x_1 + \\alpha$ 和
$$
\\sum_{i} x_i
$$
It costs $5 and more, \\(a_b\\), as `$c$` and **bold $d$ words** [S1: "quote"] say.

1. a [link](https://a.example/b) ![image](https://a.example/c.png)
   - **b**

\\[
\\begin{aligned} a &= b \\\\ &= c \\end{aligned}
\\]

| a | $|x|$ |
|:--|--:|
| 1 | **2** |

```math
\\frac{1}{2}
```
\\begin{equation} \\beta \\end{equation}
```python
$x$ **a** [b
```
"""


@pytest.mark.parametrize("end", range(len(_WHOLE) + 1))
def test_an_answer_cut_anywhere_shows_no_raw_tex_and_no_lone_mark(end: int) -> None:
    shown = html(_WHOLE[:end], partial=True)
    text = re.sub(r"(?s)<pre>.*?</pre>|<code>.*?</code>|<[^>]*>", "", shown)
    text = text.replace("$5", "").replace('[S1: "quote"]', "")
    found = re.search(r"[$\\]|\*\*|\[|math|alpha|sum|frac|begin|beta|quote", text)
    assert not found, shown[-200:]
    assert_harmless(shown)


@pytest.mark.parametrize("text", ["costs $5", "a $x", "$$ x", "**a", "see [S1", "a\\", "![a", "`a"])
def test_an_answer_that_ended_keeps_all_its_text(text: str) -> None:
    assert html(text) == f"<p>{text}</p>"
    assert html(_WHOLE, partial=True) == html(_WHOLE)


def test_prose_after_a_lone_dollar_is_not_held_back() -> None:
    assert "as everybody knows" in html("A price in $ as everybody knows", partial=True)
    assert "next" in html("A price of $5.\n\nAnd next", partial=True)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a **b", "<p>a <strong>b</strong></p>"),
        ("a **b ", "<p>a <strong>b</strong></p>"),
        ("a **b*", "<p>a <strong>b</strong></p>"),
        ("a **", "<p>a</p>"),
        ("**a** **b**", "<p><strong>a</strong> <strong>b</strong></p>"),
        ("```\na **b", "<pre><code>a **b</code></pre>"),
        ("`a **b", "<p><code>a **b</code></p>"),
        ("``a`", "<p><code>a</code></p>"),
        ("a ``", "<p>a</p>"),
        ("a `**` b", "<p>a <code>**</code> b</p>"),
    ],
)
def test_bold_and_code_that_have_not_ended_are_shown_as_such(markdown: str, shown: str) -> None:
    assert html(markdown, partial=True) == shown


# Hostile answers


_HTML = (
    "p h4 h5 h6 ul ol li blockquote hr br pre code table thead tbody tr th td em strong s a span"
)
_MATHML = (
    "math mrow mi mn mo mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover"
    " mmultiscripts mprescripts mtable mtr mtd mstyle mpadded mphantom menclose"
)
_ELEMENTS = {*_HTML.split(), *_MATHML.split()}
_PLAIN = re.compile(r"[\w.%-]*")
_CLASSES = {"evidence", "evidence unfound", "tex", "right", "center"}
_ATTRIBUTES: dict[str, Callable[[str], bool]] = {
    "href": lambda value: value.startswith("https://arxiv.org/"),
    "title": lambda value: True,
    "rel": lambda value: value == "nofollow noopener noreferrer",
    "class": _CLASSES.__contains__,
}
_ON_ELEMENTS = {"a": {"href", "title", "rel", "class"}, "span": {"title", "class"}}


def _nodes(shown: str) -> Iterator[LexborNode]:
    body = LexborHTMLParser(f"<!DOCTYPE html><body><main>{shown}</main>").body
    assert body is not None
    main = body.child
    assert main is not None
    assert main.tag == "main"
    assert main.next is None, "something escaped its container"
    yield from (node for node in main.traverse() if node.mem_id != main.mem_id)


def assert_harmless(shown: str) -> None:
    """Only what is listed here, in this test's own lists, stands in this HTML."""
    for node in _nodes(shown):
        assert node.tag in _ELEMENTS, node.tag
        for name, value in node.attributes.items():
            if name in _ATTRIBUTES:
                assert name == "class" or name in _ON_ELEMENTS[node.tag or ""], (node.tag, name)
                assert _ATTRIBUTES[name](value or ""), (name, value)
            else:  # MathML's: nothing in them but words and lengths
                assert node.tag == "ol" or (node.tag or "")[0] == "m", (node.tag, name)
                assert not re.match("on|style|src|id|name|xlink|action", name), name
                assert _PLAIN.fullmatch(value or ""), (name, value)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    shown.encode()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_hostile_answer_is_harmless_and_quick(answer: str) -> None:
    for partial in (False, True):
        began = time.process_time()
        shown = html(answer, partial=partial)
        assert time.process_time() - began < 4  # a second each on a machine that does nothing else
        assert len(shown) < 2_000_000
        assert_harmless(shown)


def test_there_are_enough_hostile_answers() -> None:
    assert len(set(ANSWERS.values())) == len(ANSWERS) >= 120


@pytest.mark.parametrize(("place", "quote", "address"), EVIDENCE)
@pytest.mark.parametrize("found", Found)
def test_hostile_evidence_is_harmless(place: str, quote: str, address: str, found: Found) -> None:
    evidence = _evidence("a [[e]] b", found=found, quote=quote, place=place)
    shown = html("a [[e]] b", evidence, lambda _: address)
    assert_harmless(shown)
    assert "evidence" in shown
    assert shown.endswith("b</p>")


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_hostile_text_around_evidence_does_not_change_it(answer: str) -> None:
    markdown = f"[[e]]\n\n{answer[:2000]}"
    shown = html(markdown, _evidence(markdown)[:1], _on_arxiv)
    assert shown.count("<a ") == 1
    assert shown.startswith(f"<p>{_LINK}</p>")


def test_an_answer_can_not_forge_what_stands_for_a_formula() -> None:
    for forged in ("\U000f0000", "&#xF0000;", "&#983040;", "&#x0F0000", "[x](a&#xF0000;)"):
        assert html(f"$x$ {forged} `{forged}`").count("<math>") == 1


def test_beyond_a_length_an_answer_is_cut() -> None:
    assert html("a" * (LONGEST + 5)) == f"<p>{'a' * LONGEST}</p>"
    many = "$x$" * LONGEST
    assert html(many).count("<math>") == LONGEST // 3


_PIECES = st.sampled_from(
    [
        *("$", "$$", r"\(", r"\)", r"\[", r"\]", "`", "```", "~~~", "\n", "\n\n", "**", "*", "_"),
        *("[", "]", "(", ")", "![", "](x)", "<", ">", "> ", "- ", "1. ", "   ", "\t", "|", "|-|\n"),
        *("#", "&", "&#x202e;", "&#xF0000;", "\\", "\\text{", "}", "{", "x_1", "a", "5", "中"),
        *("<script>pwned()</script>", "<img src=x onerror=pwned()>", "```math\n", "[[e]]", "\r"),
        *("~~", "：", "\\begin{align}",
          "\\end{align}", "\x00", "\u202e", "\ud800", "\U000f0000", "\u0300"),
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join), st.booleans())
def test_any_mixture_is_harmless(markdown: str, partial: bool) -> None:
    shown = html(markdown, _evidence(markdown), _on_arxiv, partial=partial)
    assert_harmless(shown)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=200), st.booleans())
def test_any_text_is_harmless(markdown: str, partial: bool) -> None:
    assert_harmless(html(markdown, partial=partial))


def test_several_threads_can_write_at_once() -> None:
    alone = [html(answer) for answer in list(ANSWERS.values())[:100]]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(html, list(ANSWERS.values())[:100])) == alone
