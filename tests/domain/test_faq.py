from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.faq import State, language, languages
from app.errors import BadInput


@pytest.mark.parametrize("state", State)
def test_a_final_state_goes_on_only_when_somebody_asks_anew(state: State) -> None:
    after = {other for other in State if state.may_become(other)}
    if state.is_final:
        assert after <= {State.WAITING}
    else:
        assert State.CANCELLED in after


def test_a_whole_summary_stays_whole_and_only_an_answered_one_becomes_it() -> None:
    assert not any(State.WHOLE.may_become(other) for other in State)
    assert [s for s in State if s.may_become(State.WHOLE)] == [State.ANSWERING]


def test_no_state_becomes_itself() -> None:
    assert not any(state.may_become(state) for state in State)


def test_every_state_can_be_reached_from_waiting() -> None:
    reached = {State.WAITING}
    for _ in State:
        reached |= {after for after in State for state in reached if state.may_become(after)}
    assert reached == set(State)


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        ("en", "en"),
        (" ZH ", "zh"),
        ("pt_br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("ZH-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("fil", "fil"),
    ],
)
def test_a_language_is_written_as_its_tag(told: str, tag: str) -> None:
    assert language(told) == tag


@pytest.mark.parametrize("told", ["", "e", "english", "en-", "../en", "en\n-US", "e" * 99, "中文"])
def test_what_is_no_tag_is_bad_input(told: str) -> None:
    with pytest.raises(BadInput):
        language(told)


@given(st.text(max_size=12))
def test_a_tag_is_its_own_tag(told: str) -> None:
    try:
        tag = language(told)
    except BadInput:
        return
    assert language(tag) == tag


def test_a_list_of_languages_keeps_its_order_and_names_each_once() -> None:
    assert languages("zh, en,ZH,,pt-br") == ("zh", "en", "pt-BR")
    with pytest.raises(BadInput):
        languages(" , ")
