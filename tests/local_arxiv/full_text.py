"""A paper's full text: a page as LaTeXML writes it, and the smallest PDF that opens."""

from __future__ import annotations

from html import escape

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
    """One page with the identifier and the title, in the letters the base font has."""
    lines = (f"arXiv:{paper.record.id}v{paper.version}", paper.record.title[:200])
    shown = b" ".join(b"(" + _string(line) + b") Tj 0 -24 Td" for line in lines)
    content = b"BT /F1 14 Tf 50 780 Td " + shown + b" ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )
    return _assembled(objects)


def _string(value: str) -> bytes:
    plain = value.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return " ".join(plain.split()).encode("cp1252", "replace")


def _assembled(objects: tuple[bytes, ...]) -> bytes:
    """The objects with the table of their places, which a PDF ends with."""
    body, places = b"%PDF-1.4\n", []
    for number, inner in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, inner)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(body))
    )
