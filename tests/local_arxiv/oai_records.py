"""How OAI-PMH writes one paper, in three of its formats."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from tests.local_arxiv.names import TITLES, set_specs
from tests.local_arxiv.reply import element, optional
from tests.local_arxiv.world import Current

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
# metadataPrefix -> (namespace, schema)
FORMATS = {
    "oai_dc": (
        "http://www.openarchives.org/OAI/2.0/oai_dc/",
        "https://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    ),
    "arXiv": ("http://arxiv.org/OAI/arXiv/", "https://oaipmh.arxiv.org/OAI/arXiv.xsd"),
    "arXivRaw": ("http://arxiv.org/OAI/arXivRaw/", "https://oaipmh.arxiv.org/OAI/arXivRaw.xsd"),
}
_SUFFIXES = ("Jr", "Jr.", "Sr", "II", "III", "IV")


def header(paper: Current) -> str:
    """A record's header: identifier, datestamp, sets."""
    sets = "".join(element("setSpec", spec) for spec in set_specs(paper.categories))
    identifier = element("identifier", f"oai:arXiv.org:{paper.record.id}")
    return f"<header>{identifier}{element('datestamp', str(paper.datestamp))}{sets}</header>"


def record(paper: Current, prefix: str) -> str:
    """A whole record in a format."""
    write = {"oai_dc": _dublin_core, "arXiv": _arxiv, "arXivRaw": _raw}[prefix]
    return f"<record>{header(paper)}\n<metadata>{write(paper)}</metadata></record>"


def _open(tag: str, prefix: str, extra: str = "") -> str:
    namespace, schema = FORMATS[prefix]
    return f'<{tag}{extra} {_XSI} xsi:schemaLocation="{namespace} {schema}">'


def _arxiv(paper: Current) -> str:
    """`created` is the day of the *current* version, as arXiv's program has it since 2025."""
    created = paper.record.versions[paper.version - 1]
    authors = "".join(map(_author, paper.record.authors))
    return (
        _open("arXiv", "arXiv", f' xmlns="{FORMATS["arXiv"][0]}"')
        + element("id", paper.record.id)
        + element("created", f"{created:%Y-%m-%d}")
        + element("updated", str(paper.datestamp))
        + f"<authors>{authors}</authors>"
        + element("title", paper.record.title)
        + _common(paper)
        + "</arXiv>"
    )


def _raw(paper: Current) -> str:
    versions = "".join(
        _version(n, at, withdrawn=paper._replace(version=n).withdrawn)
        for n, at in enumerate(paper.record.versions[: paper.version], start=1)
    )
    return (
        _open("arXivRaw", "arXivRaw", f' xmlns="{FORMATS["arXivRaw"][0]}"')
        + element("id", paper.record.id)
        + element("submitter", paper.record.authors[0])
        + versions
        + element("title", paper.record.title)
        + element("authors", ", ".join(paper.record.authors))
        + _common(paper)
        + "</arXivRaw>"
    )


def _version(n: int, at: datetime, *, withdrawn: bool) -> str:
    date = element("date", format_datetime(at, usegmt=True))
    size = element("size", "0kb" if withdrawn else f"{10 + n}kb")
    source = element("source_type", "I") if withdrawn else ""
    return f'<version version="v{n}">{date}{size}{source}</version>'


def _common(paper: Current) -> str:
    record = paper.record
    msc = [name for name in record.classes if name[0].isdigit()]
    acm = [name for name in record.classes if not name[0].isdigit()]
    return (
        element("categories", " ".join(paper.categories))
        + optional("comments", record.comment)
        + optional("msc-class", ", ".join(msc))
        + optional("acm-class", ", ".join(acm))
        + optional("journal-ref", record.journal_ref)
        + optional("doi", record.doi)
        + optional("license", record.licence)
        + element("abstract", record.abstract)
    )


def _author(name: str) -> str:
    rest, suffix = _without_suffix(name)
    forenames, _, key = rest.rpartition(" ")
    inner = element("keyname", key) + optional("forenames", forenames) + optional("suffix", suffix)
    return f"<author>{inner}</author>"


def _without_suffix(name: str) -> tuple[str, str]:
    for suffix in _SUFFIXES:
        if name.endswith((f" {suffix}", f", {suffix}")):
            return name[: -len(suffix)].rstrip(" ,"), suffix
    return name, ""


def _dublin_core(paper: Current) -> str:
    record = paper.record
    namespace, _ = FORMATS["oai_dc"]
    extra = f' xmlns:oai_dc="{namespace}" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    first, current = record.versions[0], record.versions[paper.version - 1]
    dates = dict.fromkeys((f"{first:%Y-%m-%d}", f"{current:%Y-%m-%d}"))
    return (
        _open("oai_dc:dc", "oai_dc", extra)
        + element("dc:title", record.title)
        + "".join(element("dc:creator", name) for name in record.authors)
        + "".join(element("dc:subject", TITLES[name]) for name in paper.categories)
        + element("dc:description", record.abstract)
        + optional("dc:description", record.comment)
        + "".join(element("dc:date", day) for day in dates)
        + element("dc:type", "text")
        + element("dc:identifier", f"http://arxiv.org/abs/{record.id}")
        + "</oai_dc:dc>"
    )
