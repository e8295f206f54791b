"""oaipmh.arxiv.org: the metadata of all papers, by the day of their last change, in pages.

As in arXiv's program of 2025: a resumption token is the request itself, url-encoded twice over,
with the day to go on from and how many of that day's records to skip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode

from tests.local_arxiv.fault_content import TRUE, Content
from tests.local_arxiv.names import looks_like_an_id, oai_sets, set_specs
from tests.local_arxiv.oai_records import FORMATS, header, record
from tests.local_arxiv.reply import Reply, element
from tests.local_arxiv.world import EARLIEST_DATESTAMP, Current, World, listing_day

HOURS_AHEAD = 1.5  # a day's records are there from 22:30 ET of the evening before
_PREFIX = "oai:arXiv.org:"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation='
    '"http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
)
_MEANING = {
    "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is "
    "missing, or the verb argument is repeated.",
    "badArgument": "The request includes illegal arguments, is missing required arguments, "
    "includes a repeated argument, or values for arguments have an illegal syntax.",
    "badResumptionToken": "The value of the resumptionToken argument is invalid or expired.",
    "cannotDisseminateFormat": "The metadata format identified by the value given for the "
    "metadataPrefix argument is not supported by the item or by the repository.",
    "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this "
    "repository.",
    "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix "
    "arguments results in an empty list.",
}
Params = dict[str, str]


class OaiError(Exception):
    """One of the protocol's errors: its code, the reason in words, and what to echo."""

    def __init__(self, code: str, reason: str = "", echo: Params | None = None) -> None:
        super().__init__(code, reason)
        self.code, self.reason, self.echo = code, reason, echo or {}


class Oai:
    """Answers `/oai`; `page_size` is how many records or headers a page holds."""

    def __init__(self, world: World, page_size: int = 1_300) -> None:
        self.page_size = page_size
        self._world = world
        self._sets = oai_sets()
        self._content = TRUE

    def reply(self, given: list[tuple[str, str]], now: datetime, content: Content = TRUE) -> Reply:
        """The answer to a request's arguments. Errors of the protocol are HTTP 200 as well."""
        self._content = content
        verbs: dict[str, Callable[[Params, datetime], str]] = {
            "Identify": self._identify,
            "ListMetadataFormats": self._formats,
            "ListSets": self._list_sets,
            "GetRecord": self._get_record,
            "ListRecords": self._list,
            "ListIdentifiers": self._list,
        }
        params = dict(given)
        try:
            inner = verbs.get(params.get("verb", ""), self._no_verb)(_single(given), now)
        except OaiError as error:
            reason = f" Reason: {error.reason}" if error.reason else ""
            told = element("error", _MEANING[error.code] + reason, code=error.code)
            return _reply(_echo(error.echo) + told, now)
        return _reply(inner, now)

    def _no_verb(self, params: Params, now: datetime) -> str:
        raise OaiError("badVerb", "Invalid verb provided")

    def _identify(self, params: Params, now: datetime) -> str:
        return (
            f"{_echo(params)}<Identify><repositoryName>arXiv</repositoryName>"
            "<baseURL>https://oaipmh.arxiv.org/oai</baseURL>"
            "<protocolVersion>2.0</protocolVersion><adminEmail>help@arxiv.org</adminEmail>"
            f"<earliestDatestamp>{EARLIEST_DATESTAMP}</earliestDatestamp>"
            "<deletedRecord>persistent</deletedRecord><granularity>YYYY-MM-DD</granularity>"
            "</Identify>"
        )

    def _formats(self, params: Params, now: datetime) -> str:
        if "identifier" in params:
            self._find(params["identifier"], now, params)
        formats = "".join(
            f"<metadataFormat>{element('metadataPrefix', prefix)}{element('schema', schema)}"
            f"{element('metadataNamespace', namespace)}</metadataFormat>"
            for prefix, (namespace, schema) in FORMATS.items()
        )
        return f"{_echo(params)}<ListMetadataFormats>{formats}</ListMetadataFormats>"

    def _list_sets(self, params: Params, now: datetime) -> str:
        if "resumptionToken" in params:
            raise OaiError("badResumptionToken", "No tokens for this verb")
        sets = "\n".join(
            f"<set>{element('setSpec', spec)}{element('setName', name)}</set>"
            for spec, name in self._sets.items()
        )
        return f"{_echo(params)}<ListSets>{sets}</ListSets>"

    def _get_record(self, params: Params, now: datetime) -> str:
        if params.keys() != {"verb", "identifier", "metadataPrefix"}:
            raise OaiError("badArgument", "Parameters provided did not match expected.")
        paper = self._find(params["identifier"], now, params)
        prefix = _prefix(params)
        return f"{_echo(params)}<GetRecord>{record(paper, prefix)}</GetRecord>"

    def _find(self, identifier: str, now: datetime, echo: Params) -> Current:
        name = identifier.removeprefix(_PREFIX)
        if name == identifier:
            raise OaiError("idDoesNotExist", f"All identifiers start with: {_PREFIX}")
        if not looks_like_an_id(name):
            raise OaiError("idDoesNotExist", "Invalid arXiv_id structure")
        today = listing_day(now, HOURS_AHEAD)
        paper = self._world.as_of(name, today)
        if not paper or not self._content.is_known_to_oai(paper, today):
            raise OaiError("idDoesNotExist", "Nothing found for this ID", echo)
        return paper

    def _list(self, params: Params, now: datetime) -> str:
        asked, skip = _resumed(params)
        prefix = _prefix(asked)
        since, until = _days(asked, now)
        wanted = asked.get("set")
        if wanted and wanted not in self._sets:
            raise OaiError("badArgument", "Set does not exist")
        found = [p for p in self._between(since, until, now) if not wanted or _in_set(p, wanted)]
        page = found[skip : skip + self.page_size]
        if not page:
            raise OaiError("noRecordsMatch", echo=asked)
        parts = [header(p) if _headers_only(asked) else record(p, prefix) for p in page]
        if skip + len(page) < len(found):
            parts.append(_token(_onward(asked, skip, page), now))
        elif "resumptionToken" in params:
            parts.append("<resumptionToken/>")  # the end of a chain; a single page has none
        verb = asked["verb"]
        return f"{_echo(asked)}<{verb}>{chr(10).join(parts)}</{verb}>"

    def _between(self, since: date, until: date, now: datetime) -> Iterator[Current]:
        today = listing_day(now, HOURS_AHEAD)
        papers = (p for p in self._world.all_as_of(today) if since <= p.datestamp <= until)
        return (paper for paper in papers if self._content.is_known_to_oai(paper, today))


def _single(given: list[tuple[str, str]]) -> Params:
    if len(dict(given)) != len(given):
        raise OaiError("badArgument", "Duplicate parameters not allowed")
    return dict(given)


def _headers_only(params: Params) -> bool:
    return params["verb"] == "ListIdentifiers"


def _in_set(paper: Current, wanted: str) -> bool:
    specs = set_specs(paper.categories)
    return any(spec == wanted or spec.startswith(wanted + ":") for spec in specs)


def _resumed(params: Params) -> tuple[Params, int]:
    """The request, taken out of its resumption token if it has one, and how many to skip."""
    if "resumptionToken" not in params:
        return params, 0
    if params.keys() != {"verb", "resumptionToken"}:
        raise OaiError("badArgument", "No other paramters allowed with resumptionToken")
    inner = dict(parse_qsl(unquote(params["resumptionToken"])))
    skip = inner.pop("skip", "")
    if not skip.isdigit() or inner.get("verb") != params["verb"]:
        raise OaiError("badResumptionToken", "Token decoding failed or format is invalid.")
    return inner, int(skip)


def _onward(asked: Params, skip: int, page: list[Current]) -> Params:
    """The request for what follows a page: from its last day on, without that day's seen ones."""
    last = page[-1].datestamp
    if page[0].datestamp == last:
        return {**asked, "skip": str(skip + len(page))}
    of_last = sum(paper.datestamp == last for paper in page)
    return {**asked, "from": last.isoformat(), "skip": str(of_last)}


def _token(onward: Params, now: datetime) -> str:
    expires = (now.astimezone(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    return element("resumptionToken", quote(urlencode(onward)), expirationDate=expires)


def _prefix(params: Params) -> str:
    if "metadataPrefix" not in params:
        raise OaiError("badArgument", "metadataPrefix required.")
    if params["metadataPrefix"] not in FORMATS:
        raise OaiError(
            "cannotDisseminateFormat",
            "Did not recognize requested format",
            {"verb": params["verb"]},
        )
    return params["metadataPrefix"]


def _days(params: Params, now: datetime) -> tuple[date, date]:
    if params.keys() - {"verb", "metadataPrefix", "from", "until", "set"}:
        raise OaiError("badArgument", "Unallowed parameter.")
    today = now.astimezone(UTC).date()
    since = _day(params, "from") or EARLIEST_DATESTAMP
    until = _day(params, "until") or today
    if since > until:
        raise OaiError("badArgument", "until date must be greater than or equal to from date")
    if since < EARLIEST_DATESTAMP:
        raise OaiError("badArgument", "start date too early")
    if until > today:
        raise OaiError("badArgument", "until date too late")
    return since, until


def _day(params: Params, name: str) -> date | None:
    if name not in params:
        return None
    try:
        return datetime.strptime(params[name], "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise OaiError("badArgument", f"{name} date format must be YYYY-MM-DD") from None


def _echo(params: Params) -> str:
    return element("request", "https://oaipmh.arxiv.org/oai", **params)


def _reply(inner: str, now: datetime) -> Reply:
    answered = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = f"{_ENVELOPE}{element('responseDate', answered)}\n{inner}\n</OAI-PMH>"
    return Reply(body.encode(), "text/xml")
