from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, FeedItem, Kind
from app.domain.subjects import Subjects
from app.errors import BrokenAnswer, RateLimited, SourceRefused
from app.sources import feeds
from app.sources.polite import Polite, Validators
from tests.real import REAL
from tests.sources.conftest import Notes, Server, answer
from tests.sources.hostile import each_hostile, mutations, raises_only_ours, refuses

NAMESPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
MONDAY = "Mon, 02 Feb 2026 00:00:00 -0500"


@dataclass(frozen=True)
class Item:
    """One item, as plain text; written as RSS or as Atom."""

    id: str = "2601.22169v1"
    title: str = "A title"
    abstract: str = "An abstract."
    kind: str = "new"
    subjects: tuple[str, ...] = ("cs.CL", "cs.AI")
    creator: str = "Ann Lee, Bo Xu"
    day: str = MONDAY
    more: str = ""

    @property
    def description(self) -> str:
        return escape(f"arXiv:{self.id} Announce Type: {self.kind} \nAbstract: {self.abstract}")

    @property
    def extras(self) -> str:
        return (
            f"<arxiv:announce_type>{self.kind}</arxiv:announce_type>"
            f"<dc:creator>{escape(self.creator)}</dc:creator>{self.more}"
        )

    @property
    def rss(self) -> str:
        categories = "".join(f"<category>{name}</category>" for name in self.subjects)
        return (
            f"<item><title>{escape(self.title)}</title><link>https://arxiv.org/abs/2601.22169</link>"
            f"<description>{self.description}</description>"
            f'<guid isPermaLink="false">oai:arXiv.org:{self.id}</guid>{categories}'
            f"<pubDate>{self.day}</pubDate>{self.extras}</item>"
        )

    @property
    def atom(self) -> str:
        categories = "".join(f'<category term="{name}"/>' for name in self.subjects)
        return (
            f"<entry><id>oai:arXiv.org:{self.id}</id><title>{escape(self.title)}</title>"
            "<updated>2026-02-02T05:00:05+00:00</updated>"
            f"<summary>{self.description}</summary>{categories}"
            f"<published>2026-02-02T00:00:00-05:00</published>{self.extras}</entry>"
        )


def rss(*items: Item, day: str = MONDAY, title: str = "cs.CL updates on arXiv.org") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss {NAMESPACES} version="2.0"><channel><title>{title}</title>
<link>http://rss.arxiv.org/rss/cs.CL</link><description>Of archive 'foo' &amp; others</description>
<lastBuildDate>Mon, 02 Feb 2026 05:00:05 +0000</lastBuildDate><pubDate>{day}</pubDate>
<skipDays><day>Sunday</day></skipDays>{"".join(item.rss for item in items)}</channel></rss>
""".encode()


def atom(*items: Item, updated: str = "2026-02-02T05:00:05+00:00", title: str = "cs.CL") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
<id>http://rss.arxiv.org/atom/cs.CL</id><title>{title}</title><updated>{updated}</updated>
<subtitle>Of archive 'foo' &amp; others</subtitle>{"".join(item.atom for item in items)}</feed>
""".encode()


Writer = Callable[..., bytes]
BOTH = pytest.mark.parametrize("write", [rss, atom])


PRINTABLE = st.characters(min_codepoint=32, exclude_categories=["C", "Z"])


def only(body: bytes) -> FeedItem:
    feed = feeds.parse(body)
    assert feed.unread == ()
    (item,) = feed.items
    return item


def test_a_feeds_address_joins_its_categories() -> None:
    subjects = Subjects.of(["cs.CL", "eess.AS"])
    names = "+".join(subjects.feed_names())
    assert feeds.feed_url("https://rss.arxiv.org", subjects) == f"https://rss.arxiv.org/rss/{names}"


@BOTH
def test_an_item_is_a_paper_and_its_kind(write: Writer) -> None:
    more = (
        "<arxiv:DOI>10.1/x</arxiv:DOI><dc:rights>http://creativecommons.org/by/4.0/</dc:rights>"
        "<arxiv:journal_reference>J. of X 1 (2026)</arxiv:journal_reference>"
    )
    item = only(write(Item(more=more, kind="replace-cross", id="hep-th/9901001v12")))
    paper = item.paper
    assert item.kind is Kind.REPLACE_CROSS
    assert (paper.id, paper.version) == (ArxivId.parse("hep-th/9901001"), 12)
    assert paper.title == "A title"
    assert paper.abstract == "An abstract."
    assert paper.authors == (Author("Ann Lee"), Author("Bo Xu"))
    assert paper.subjects == ("cs.CL", "cs.AI")
    assert paper.licence == "http://creativecommons.org/by/4.0/"
    assert (paper.doi, paper.journal_ref) == ("10.1/x", "J. of X 1 (2026)")
    assert (paper.comment, paper.submitted_at, paper.updated_at) == (None, None, None)


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "$a<b$ & $c>d$",
        "a <b>bold</b> claim & <3D> NLTE",
        "AT&amp;T &eacute; &lt;3 &#65;",
        "[Fe/H] < -4 and z<4",
        "L'Hôpital & Ã©tude: 深度学习",
        '<script>alert("1")</script>',
        "<![CDATA[x]]> --> ]]",
    ],
)
def test_words_come_through_as_written(write: Writer, text: str) -> None:
    paper = only(write(Item(title=text, abstract=text))).paper
    assert paper.title == text
    assert paper.abstract == text


@settings(max_examples=60, deadline=None)
@given(st.text(PRINTABLE, min_size=1))
def test_any_printable_words_come_through_as_written(text: str) -> None:
    paper = only(rss(Item(title=text, abstract=f"Of {text}"))).paper
    assert paper.title == text
    assert paper.abstract == f"Of {text}"


def test_a_paragraph_begins_where_a_line_is_indented() -> None:
    paper = only(rss(Item(abstract="One\nline.\n  Two: Abstract: 3."))).paper
    assert paper.abstract == "One line.\n\nTwo: Abstract: 3."


def test_an_author_line_of_a_hundred_thousand_letters_costs_nothing() -> None:
    began = time.monotonic()
    feeds.parse(rss(Item(creator="a" * 100_000, title="b" * 100_000)))
    assert time.monotonic() - began < 2


@BOTH
def test_a_day_without_announcement_is_an_empty_feed(write: Writer) -> None:
    feed = feeds.parse(write())
    assert (feed.items, feed.unread, feed.is_cut) == ((), (), False)
    assert feed.day == date(2026, 2, 2)


def test_an_empty_atom_feeds_day_is_new_yorks() -> None:
    assert feeds.parse(atom(updated="2026-07-11T03:59:00+00:00")).day == date(2026, 7, 10)
    assert feeds.parse(atom(updated="2026-07-11T04:00:00+00:00")).day == date(2026, 7, 11)


def test_yesterdays_items_under_a_fresh_date_are_yesterdays() -> None:
    feed = feeds.parse(rss(Item(), day="Tue, 03 Feb 2026 00:00:00 -0500"))
    assert feed.day == date(2026, 2, 2)


def test_a_feed_of_two_days_is_broken() -> None:
    other = Item(id="2601.22170v1", day="Tue, 03 Feb 2026 00:00:00 -0500")
    refuses(feeds.parse, rss(Item(), other))


def test_a_feed_without_any_date_is_broken() -> None:
    body = rss(day="someday").replace(b"lastBuildDate", b"docs")
    refuses(feeds.parse, body)
    refuses(feeds.parse, atom(updated="1e9"))


def test_the_first_of_two_equal_items_counts() -> None:
    feed = feeds.parse(rss(Item(kind="new"), Item(kind="replace", id="2601.22169v2")))
    assert [item.kind for item in feed.items] == [Kind.NEW]


def test_without_a_guid_the_description_and_the_link_tell_the_id() -> None:
    body = rss(Item(id="2601.22169v3")).replace(b"guid", b"nothing")
    paper = only(body).paper
    assert (str(paper.id), paper.version) == ("2601.22169", 3)
    paper = only(body.replace(b"arXiv:2601.22169v3 ", b"")).paper
    assert (str(paper.id), paper.version) == ("2601.22169", None)


def test_without_its_own_element_the_kind_is_in_the_description() -> None:
    assert only(rss(Item(kind="cross")).replace(b"arxiv:announce_type", b"x")).kind is Kind.CROSS


def test_atoms_own_authors_are_read_where_there_is_no_creator() -> None:
    body = atom(Item(more="<author><name>Lee, Ann</name></author><author><name>B</name></author>"))
    body = body.replace(b"dc:creator", b"dc:nobody")
    assert only(body).paper.authors == (Author("Lee, Ann"), Author("B"))


def test_several_creators_are_several_authors() -> None:
    paper = only(rss(Item(creator="A", more="<dc:creator>B, C</dc:creator>"))).paper
    assert [author.name for author in paper.authors] == ["A", "B", "C"]


def test_a_paper_without_authors_is_kept() -> None:
    assert only(rss(Item(creator=""))).paper.authors == ()


@BOTH
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Item(id="2699.00001v1", title="Misnumbered"), "no id: Misnumbered"),
        (Item(id="2601.00001v1", subjects=("xx.YY",)), "2601.00001v1: "),
        (Item(id="2601.00001v1", subjects=()), "2601.00001v1: "),
        (Item(id="2601.00001v1", kind="absonly"), "2601.00001v1: "),
        (Item(id="2601.00001v1", title=" "), "2601.00001v1: "),
    ],
)
def test_an_item_that_cannot_be_read_is_named_and_costs_no_other(
    write: Writer, bad: Item, reason: str
) -> None:
    body = write(bad, Item()).replace(b"<link>https://arxiv.org/abs/2601.22169</link>", b"")
    feed = feeds.parse(body)
    assert [str(item.paper.id) for item in feed.items] == ["2601.22169"]
    assert len(feed.unread) == 1
    assert feed.unread[0].startswith(reason)


@pytest.mark.parametrize(("n", "is_cut"), [(1999, False), (2000, True)])
def test_a_feed_of_two_thousand_items_is_cut(n: int, is_cut: bool) -> None:
    items = [Item(id=f"2601.{i:05}v1", abstract="x") for i in range(1, n)]
    assert feeds.parse(rss(*items, Item(kind="unheard-of"))).is_cut is is_cut


@BOTH
def test_an_error_feed_is_a_refusal(write: Writer) -> None:
    title = "Feed error for query: http://rss.arxiv.org/rss/foo"
    with pytest.raises(SourceRefused, match=r"^Of archive 'foo' & others$"):
        feeds.parse(write(title=title))


@each_hostile
def test_hostile_bytes_are_a_broken_answer(body: bytes) -> None:
    refuses(feeds.parse, body)


@BOTH
def test_a_feed_cut_off_anywhere_is_broken_and_never_shorter(write: Writer) -> None:
    whole = write(Item(), Item(id="2601.22170v1")).rstrip()
    for length in range(0, len(whole), 37):
        refuses(feeds.parse, whole[:length])


def test_an_item_inside_an_item_is_not_counted() -> None:
    inner = Item(id="2601.22170v1")
    assert len(feeds.parse(rss(Item(more=inner.rss))).items) == 1


def test_the_layout_before_2024_is_not_read() -> None:
    body = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    refuses(feeds.parse, body)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        mutations(rss(Item(), Item(id="2601.1v1"))),
        mutations(atom(Item())),
    )
)
def test_any_bytes_give_a_feed_or_an_error_of_ours(body: bytes) -> None:
    raises_only_ours(feeds.parse, body)


CS_CL = Subjects.of(["cs.CL"])


async def test_a_feed_is_fetched_once_and_then_conditionally(
    server: Server, polite: Polite
) -> None:
    path = feeds.feed_url("", CS_CL)
    server.answers[path] = answer(rss(Item()), ETag='"1"', Content_Type="text/plain")
    fetched = await feeds.fetch(polite, server.url, CS_CL)
    assert fetched is not None
    feed, validators = fetched
    assert len(feed.items) == 1
    server.answers[path] = answer(status=304)
    assert await feeds.fetch(polite, server.url, CS_CL, validators) is None
    assert server.requests[1].headers["if-none-match"] == '"1"'
    assert validators == Validators('"1"')


async def test_a_broken_feed_tells_its_address(server: Server, polite: Polite) -> None:
    url = feeds.feed_url(server.url, CS_CL)
    server.answers[feeds.feed_url("", CS_CL)] = answer(rss(Item())[:400])
    with pytest.raises(BrokenAnswer) as raised:
        await feeds.fetch(polite, server.url, CS_CL)
    assert raised.value.url == url


async def test_a_limited_feed_is_no_empty_day(server: Server, polite: Polite, pace: Notes) -> None:
    server.answers[feeds.feed_url("", CS_CL)] = answer(b"Rate exceeded.")
    with pytest.raises(RateLimited):
        await feeds.fetch(polite, server.url, CS_CL)


needs_real = pytest.mark.skipif(REAL is None, reason="no real data here")


@needs_real
def test_feeds_of_arxivs_own_program_are_read_whole() -> None:
    assert REAL is not None
    folder = REAL / "protocol/rss/generated-by-arxiv-feed-server"
    told = json.loads((folder / "INDEX.json").read_text())
    read = 0
    for entry in told:
        file = folder / entry["file"]
        if file.suffix != ".xml" or not file.exists():
            continue
        feed = feeds.parse(file.read_bytes())
        assert len(feed.items) == entry["items"], file.name
        assert Counter(item.kind.label for item in feed.items) == entry["by_type"], file.name
        assert feed.day.isoformat() == entry["date"], file.name
        assert feed.unread == (), file.name
        assert all(item.paper.version and item.paper.abstract for item in feed.items), file.name
        read += 1
    assert read > 20


@needs_real
def test_error_feeds_of_arxivs_own_program_are_refusals() -> None:
    assert REAL is not None
    texts = {"err_.txt", "err_rss.txt"}  # plain words, with HTTP 400
    for file in (REAL / "protocol/rss/generated-by-arxiv-feed-server").glob("err_*.txt"):
        error = BrokenAnswer if file.name in texts else SourceRefused
        with pytest.raises(error):
            feeds.parse(file.read_bytes())


@needs_real
@pytest.mark.parametrize(("name", "entries"), [("truncated", 86), ("trimmed5", 4)])
def test_a_captured_feed_is_broken_as_found_and_read_when_mended(name: str, entries: int) -> None:
    assert REAL is not None
    file = REAL / f"protocol/rss/zotero-arxiv-daily/cs.AI_2025-08-20.atom.{name}.xml"
    whole = file.read_bytes()
    with pytest.raises(BrokenAnswer, match="cut off"):
        feeds.parse(whole)
    feed = feeds.parse(whole[: whole.rindex(b"</entry>")] + b"</entry></feed>")
    assert len(feed.items) == entries
    assert feed.unread == ()
    assert feed.day == date(2025, 8, 20)
    assert all(item.paper.licence and item.paper.authors for item in feed.items)
