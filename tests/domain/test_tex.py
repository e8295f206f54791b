from __future__ import annotations

import json
import lzma
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.tex import clean, is_plain, to_html, to_text
from app.domain.tex_reader import read
from tests.real import REAL

# --- clean


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("a\tb\vc\fd", "a b c d"),
        ("a\r\nb\rc\u2028d\n\ne", "a\nb\nc\nd\n\ne"),
        ("a\ud800b\udfffc", "abc"),
        ("a\u202eb\u2066c\u2069d\u202ce", "abcde"),
        ("a\u200eb\u200fc", "a\u200eb\u200fc"),
        ("a\ufffeb\uffff", "ab"),
        ("naïve 数学 𝒪 🙂", "naïve 数学 𝒪 🙂"),
    ],
)
def test_clean_drops_what_no_text_may_hold(source: str, expected: str) -> None:
    assert clean(source) == expected


@given(st.text(st.characters(codec=None)))
@settings(max_examples=200, deadline=None)
def test_what_is_clean_can_be_stored_and_stays_so(source: str) -> None:
    cleaned = clean(source)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


# --- is_plain


class _Told:
    """A writer that keeps what it is told, whatever it is."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **more: self.told.append(args[0] if name == "text" else (name, more))


@given(st.lists(st.sampled_from([*"$\\{}~`'-h:/ aé", "http://", "HTTPS://a", "--", "\\'e"])))
@settings(max_examples=300, deadline=None)
def test_what_is_plain_is_told_as_it_stands(pieces: list[str]) -> None:
    source = "".join(pieces)
    if is_plain(source):
        writer = _Told()
        read(source, writer)
        assert writer.told == [source]
        assert to_text(source) == source


# --- to_text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"Erd\H{o}s, Zolt\'an, {\O}bro", "Erdős, Zoltán, Øbro"),
        (r"\"u \v{c} Ma{\~n}ana \c{S}ahin \c Sahin", "ü č Mañana Şahin Şahin"),
        (r"\L{}ukasz {\L}ukasz \L ukasz Bart{\l}omiej", "Łukasz Łukasz Łukasz Bartłomiej"),
        (r"\'{\i} \'\i cola {\'e} \.Ilhan D\d{a}o", "í ícola é İlhan Dạo"),
        (r"\'{\^e} \'{\^{e}}", "ế ế"),
        (r"4.0{\AA}, 90{\deg}, Stra{\ss}e", "4.0Å, 90°, Straße"),
        (r"{BERT}s and {\pi}, \b{eta}-decay, \c{hi}2", "BERTs and π, β-decay, χ2"),
    ],
)
def test_accents_and_letters_become_characters(source: str, expected: str) -> None:
    assert to_text(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("``so'' and `so' and don't", "“so” and ‘so’ and don't"),
        ("5'' wide, `code` and `more`", "5'' wide, `code` and `more`"),
        ("pages 1--2 --- a -- b", "pages 1–2 — a – b"),
        ("run --verbose -----", "run --verbose -----"),
        (r"100\% of \$5 \& x\_y \#1 \{a\}", "100% of $5 & x_y #1 {a}"),
        ("Fig.~1, Section~3, Voss~et al.", "Fig. 1, Section 3, Voss et al."),
        ("~5%, (~6), z~0.3, 10~20", "~5%, (~6), z~0.3, 10~20"),
        (r"\emph{a \textbf{b}} {\em c} {\bf d}", "a b c d"),
        (r"E{\em ffi}cient \textbf{N}et", "Efficient Net"),
        (r"as \cite{a,b} in \ref{s}", "as [a,b] in [s]"),
        (r"\enquote{q}\footnote{n}", "“q” (n)"),
        (r"a\\b\newline c\,m \ d", "a b c m d"),
        (r"\textcolor{red}{a} {\color{blue}b}", "a b"),
        (r"\href{https://a.b/c}{code} \url{http://a.b/\_c}", "code http://a.b/_c"),
        (r"\begin{itemize}\item a \item b\end{itemize}", "• a • b"),
    ],
)
def test_marks_of_text_are_read(source: str, expected: str) -> None:
    assert to_text(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        r"\method and \ours{x} stay",
        "sets {0, 1} and x^{10} and {a b}",
        "a lone $ and a } and a {",
        r"30\. Then",
        "https://a.edu/~me/x--y_z",
        "from $5 million to $10 million",
        "$5 and $10",
        "a \\",
    ],
)
def test_what_is_not_surely_tex_stays_as_it_stands(source: str) -> None:
    assert to_text(source) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$\alpha$ and $\ell_2$", "α and ℓ_2"),
        (r"$10^{-3}$, $x_{2}$", "10^{-3}, x_2"),
        (r"$\mathcal{O}(n\log n)$", "O(n log n)"),
        (r"$\mathbb{R}^d$, \(\bar{x}\), \[y\]", "ℝ^d, x̄, y"),
        (r"$\frac{1}{2}$, $\frac{a+b}{\sqrt{n}}$", "1/2, (a+b)/(√n)"),
        (r"$\{a\}$ ${\sim}72\%$", "{a} ∼72%"),
        (r"$\begin{cases}1\end{cases}$", r"$\begin{cases}1\end{cases}$"),
        (r"\begin{equation}a=b\end{equation}", "a=b"),
        (r"$\href{https://a.b/c}{Code}$", "Code"),
        (r"costs \$5, then $x$", "costs $5, then x"),
        (r"$5 million, then $x$ and $y$", "$5 million, then x and y"),
    ],
)
def test_formulas_become_characters_where_they_can_be_read(source: str, expected: str) -> None:
    assert to_text(source) == expected


def test_a_text_is_on_one_line_unless_paragraphs_are_asked_for() -> None:
    source = " First line\nsecond line.\n  New paragraph\ngoes on.\n\nThird.\n"
    assert to_text(source) == "First line second line. New paragraph goes on. Third."
    assert to_text(source, paragraphs=True) == (
        "First line second line.\n\nNew paragraph goes on.\n\nThird."
    )


# --- to_html


class _Checker(HTMLParser):
    """Fails on any element or attribute that isn't expected, and on elements that don't match."""

    plain = frozenset({"p", "em", "strong", "code", "u", "sub", "sup", "a"})
    mathml = frozenset({
        "math", "mi", "mn", "mo", "mtext", "ms", "mspace", "mrow", "msub", "msup", "msubsup",
        "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mfrac", "msqrt",
        "mroot", "mtable", "mtr", "mtd", "mstyle", "mphantom", "mpadded", "menclose", "b", "i",
        "em", "code", "span",
    })  # fmt: skip
    attributes = frozenset({
        "accent", "accentunder", "depth", "display", "displaystyle", "fence", "form", "height",
        "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize",
        "movablelimits", "notation", "rspace", "scriptlevel", "separator", "stretchy",
        "symmetric", "voffset", "width",
    })  # fmt: skip

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "math" in self.open or tag == "math":
            assert tag in self.mathml, tag
            assert self.attributes.issuperset(given), given
        elif tag == "a":
            assert "a" not in self.open
            assert given.keys() == {"href", "rel"}
            assert given["rel"] == "noopener nofollow ugc"
            assert (given["href"] or "").lower().startswith(("http://", "https://"))
        else:
            assert tag in self.plain, tag
            assert given in ({}, {"class": "tex"})
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def checked(markup: str) -> str:
    """The text of `markup`, once it is seen that nothing in it is unexpected."""
    checker = _Checker()
    checker.feed(markup)
    checker.close()
    assert not checker.open
    return checker.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        (r"\emph{a \textbf{b}} {\tt c}", "<em>a <strong>b</strong></em> <code>c</code>"),
        (r"H\textsubscript{2}O\textsuperscript{+}", "H<sub>2</sub>O<sup>+</sup>"),
        (r"{\em open", "<em>open</em>"),
        ("$x^2$", "<math><msup><mi>x</mi><mn>2</mn></msup></math>"),
        (r"\(x\) $$y$$", "<math><mi>x</mi></math> <math><mi>y</mi></math>"),
        (r"$\frac$ <", r'<code class="tex">$\frac$</code> &lt;'),
        ("see https://a.b", "see https://a.b"),
        (r"\href{https://a.b}{c}", "c"),
    ],
)
def test_a_line_becomes_html(source: str, expected: str) -> None:
    assert to_html(source) == expected


def test_paragraphs_are_elements_and_displays_blocks() -> None:
    assert to_html("a\nb.\n  Then\n  $$x$$\n\n\\emph{c\n\nd}", paragraphs=True) == (
        '<p>a b.</p><p>Then</p><p><math display="block"><mi>x</mi></math></p>'
        "<p><em>c</em></p><p>d}</p>"
    )


@pytest.mark.parametrize("gap", ["\n", "\n  ", "\n\n"])
def test_a_display_may_stand_on_lines_of_its_own(gap: str) -> None:
    for source in (f"so $${gap}x{gap}$$", rf"so \[{gap}x{gap}\]"):
        assert to_html(source, paragraphs=True) == (
            '<p>so <math display="block"><mi>x</mi></math></p>'
        )


def test_a_lone_dollar_takes_no_other_paragraph_with_it() -> None:
    assert to_text("$5 here.\n\nAnd $x$.", paragraphs=True) == "$5 here.\n\nAnd x."


def _link(url: str) -> str:
    return f'<a href="{url}" rel="noopener nofollow ugc">{url}</a>'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("at https://a.b/c.", f"at {_link('https://a.b/c')}."),
        ("(https://a.b/c_(d))", f"({_link('https://a.b/c_(d)')})"),
        ("https://a.b/?x=1&y", _link("https://a.b/?x=1&amp;y")),
        ("https://a.b/~me，而", f"{_link('https://a.b/~me')}，而"),
        (r"\url{http://a.b/c\_d}", _link("http://a.b/c_d")),
        (r"https://a.b/c\_d\%20", _link("https://a.b/c_d%20")),
        (r"\footnote{https://a.b}", f" ({_link('https://a.b')})".strip()),
        (r"\url{javascript:alert(1)}", "javascript:alert(1)"),
        (r"\href{javascript:alert(1)}{x}", "x"),
        (
            r"\href{https://a.b}{see https://c.d}",
            _link("https://a.b").replace(">https://a.b", ">see https://c.d"),
        ),
        (
            r"$\href{https://a.b}{\textbf{c}}$",
            _link("https://a.b").replace(">https://a.b", "><strong>c</strong>"),
        ),
        ("ftp://a.b mailto:a@b.c", "ftp://a.b mailto:a@b.c"),
        ('\\href{https://a.b" onclick="x}{c}', "c"),
    ],
)
def test_web_addresses_become_links(source: str, expected: str) -> None:
    assert to_html(source, links=True) == expected


def test_an_abstract_has_links_by_itself() -> None:
    assert to_html("https://a.b", paragraphs=True) == f"<p>{_link('https://a.b')}</p>"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "$<script>alert(1)</script>$",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{\textbf{<b onclick=x>}}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\url{javascript:alert(1)}$",
    r"$x \href{javascript:alert(1)}{x}$",
    r"$\class{a}{x} \style{color:red}{x} \cssId{a}{x}$",
    r"$\unicode{x3c}script\unicode{x3e}$",
    r"$\unicode{x202e}$",
    r"$\color{red}x \textcolor{red}{y} \colorbox{red}{z}$",
    r'$\hspace{1em" onclick="x}$',
    r"$$\begin{align}a\label{\"><script>}\\ \eqref{x}\end{align}$$",
    r"\begin{equation}\label{x}\tag{<b>} x\end{equation}",
    r"$\operatorname{<script>}$",
    r"$\mathrm{&lt;script&gt;} \& &lt;$",
    r"$\eqref{javascript:x}$",
    r"\texttt{<script>}",
    r"\href{https://a.b/<script>}{x}",
    r"\href{data:text/html,<script>}{x}",
    "https://a.b/\"onmouseover='x'",
    "https://a.b/<script>",
    r"$\def\a{\a\a}\a$",
    r"$\newcommand{\a}[1]{<#1>}\a{b}$",
    "$\ud800$ \x00 $\x00$",
    "<!-- $x$ --> <![CDATA[ x ]]> <?php ?>",
    "\\emph{\\href{https://a.b}{\\emph{x}} }}}} \\textbf{",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_sources_come_out_harmless(source: str) -> None:
    for markup in (
        to_html(source),
        to_html(source, links=True),
        to_html(source, paragraphs=True),
    ):
        checked(markup)
        assert "style=" not in markup.replace("displaystyle=", "")


PIECES = st.lists(
    st.sampled_from(
        [
            *"<>&\"'$\\{}^_~`-[]() \n%#ax1é",
            "$$", r"\(", r"\)", r"\[", r"\]", "\n\n", "\n  ", "``", "''", "--", "script", "href=",
            "javascript:", "https://a.b/", "onclick=", r"\href{", r"\url{", r"\emph{", "{\\em ",
            r"\textbf{", r"\frac", r"\sqrt", r"\text{", r"\left(", r"\right)", r"\begin{align}",
            r"\end{align}", "&lt;", r"\mathbb", r"\label{", r"\color{red}", r"\footnote{", "\u202e",
            r"\'", r"\H", r"\c", r"\unicode{x3c}", r"\operatorname{", r"\\", r"\langle", "\x00",
        ]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(PIECES | st.text(st.characters(codec=None)), st.booleans(), st.booleans())
@settings(max_examples=500, deadline=None)
def test_html_never_holds_anything_unexpected(source: str, paragraphs: bool, links: bool) -> None:
    text = checked(to_html(source, paragraphs=paragraphs, links=links))
    assert "\u202e" not in text
    assert "\x00" not in text


@given(PIECES | st.text(st.characters(codec=None)))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_text_that_can_be_stored(source: str) -> None:
    line = to_text(source)
    line.encode()
    assert line == " ".join(line.split())
    assert "\n\n\n" not in to_text(source, paragraphs=True)


# --- time


@pytest.mark.parametrize(
    "unit",
    [
        "$", "$$", "$ ", "\\", "\\\\", "\\(", "\\[", "{", "}", "{a", "{\\em ", "\\emph{", "\\url{",
        "\\href{https://a.b}{", "https://a)))", "`", "``", "~", "\\cite[", "\\begin{align}", "\\v{",
        "{\\c c", "$\\text{", "\n", "\n {", "{\n\n", "\\b{co", "$aa bb cc ", "$5 million ", " ",
        "\u202e",
    ],
)  # fmt: skip
def test_long_sources_take_linear_time(unit: str) -> None:
    source = (unit * 100_000)[:100_000]
    began = time.perf_counter()
    to_html(source, paragraphs=True)
    to_html(source, links=True)
    to_text(source)
    assert time.perf_counter() - began < 4  # some 0.3 s each; quadratic would be minutes


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_real_titles_and_abstracts_are_harmless_and_nearly_all_formulas_are_shown() -> None:
    assert REAL is not None
    shown = refused = 0
    with lzma.open(REAL / "three-weeks" / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            paper = json.loads(line)
            abstract = to_html(paper["abstract"], paragraphs=True)
            for markup in (to_html(paper["title"]), abstract):
                if "<math" in markup or "<code" in markup or "<a" in markup:
                    checked(markup)
                shown += markup.count("<math")
                refused += markup.count('<code class="tex">')
            assert to_text(paper["title"])
            assert to_text(paper["abstract"])
    assert refused <= shown * 0.005
