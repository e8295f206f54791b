"""A paper's full text: a page as LaTeXML writes it, and a PDF of two pages."""

from __future__ import annotations

from html import escape
from textwrap import wrap

from tests.local_arxiv.pdf_writer import lines, pdf_of
from tests.local_arxiv.world import Current

_FORMULA = (
    '<math id="S1.m1" class="ltx_Math" alttext="E_{n}=\\frac{n^{2}}{2}" display="{display}">'
    "<semantics><mrow><msub><mi>E</mi><mi>n</mi></msub><mo>=</mo><mfrac><msup><mi>n</mi>"
    "<mn>2</mn></msup><mn>2</mn></mfrac></mrow></semantics></math>"
)


def html_page(paper: Current) -> str:
    """Sections, a formula, a table and references, with the classes LaTeXML gives them."""
    record = paper.record
    authors = "".join(
        f'<span class="ltx_creator ltx_role_author"><span class="ltx_personname">{escape(name)}'
        "</span></span>"
        for name in record.authors
    )
    sections = "".join((_section(1, "Introduction"), _section(2, "Results"), _table()))
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{escape(record.title)}</title></head><body>'
        f'<article class="ltx_document"><h1 class="ltx_title ltx_title_document">'
        f'{escape(record.title)}</h1><div class="ltx_authors">{authors}</div>'
        '<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6>'
        f'<p class="ltx_p">{escape(record.abstract)}</p></div>'
        f"{sections}{_references()}</article></body></html>"
    )


def _section(number: int, title: str) -> str:
    inline = _FORMULA.replace("{display}", "inline")
    block = _FORMULA.replace("{display}", "block")
    return (
        f'<section id="S{number}" class="ltx_section"><h2 class="ltx_title ltx_title_section">'
        f'<span class="ltx_tag ltx_tag_section">{number} </span>{title}</h2>'
        f'<div class="ltx_para"><p class="ltx_p">We write {inline} throughout, and cite '
        '<cite class="ltx_cite">[<a href="#bib.bib1" class="ltx_ref">1</a>]</cite>.</p></div>'
        f'<table class="ltx_equation ltx_eqn_table"><tbody><tr><td>{block}</td></tr></tbody>'
        "</table>"
        "</section>"
    )


def _table() -> str:
    rows = "".join(
        f'<tr class="ltx_tr"><td class="ltx_td">{name}</td><td class="ltx_td">{value}</td></tr>'
        for name, value in (("Method", "Score"), ("Ours", "0.91"), ("Theirs", "0.87"))
    )
    return (
        '<figure id="S2.T1" class="ltx_table"><figcaption class="ltx_caption">'
        '<span class="ltx_tag">Table 1: </span>All scores.</figcaption>'
        f'<table class="ltx_tabular"><tbody class="ltx_tbody">{rows}</tbody></table></figure>'
    )


def _references() -> str:
    return (
        '<section id="bib" class="ltx_bibliography"><h2 class="ltx_title">References</h2>'
        '<ul class="ltx_biblist"><li id="bib.bib1" class="ltx_bibitem">'
        '<span class="ltx_bibblock">N. Oone. A work nobody wrote. 2020.</span></li></ul></section>'
    )


def pdf_file(paper: Current) -> bytes:
    """Two pages: the identifier, title and abstract; then what a reader needs, and references."""
    record = paper.record
    first = [f"arXiv:{record.id}v{paper.version}", record.title[:200], "Abstract"]
    second = [
        "1 Introduction",
        "We write little here, and cite [1]. Our score is 0.91, theirs 0.87.",
        "References",
        "[1] N. Oone. A work nobody wrote. 2020.",
        "[2] S. Omeone. Another one. Journal of Works, 2021.",
    ]
    return pdf_of([lines([*first, *wrap(record.abstract, 90)]), lines(second)])
