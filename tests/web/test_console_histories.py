"""Histories as the console reads them: so many events with each look, on from where it was, and anew when they differ."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pressing import CONSOLE, start

from emulator.faults import Fault
from emulator.web.histories import AT_ONCE, KEPT, LATELY, PAGE, Histories


class Asked:
    """Answers GetExecutionHistory of a history of any length, and counts the events that it has given."""

    def __init__(self, length: int) -> None:
        self.events = [
            {"id": number, "type": "PassStateExited", "timestamp": 0.0, "stateExitedEventDetails": {"name": "A"}}
            for number in range(1, length + 1)
        ]
        self.given = 0
        self.expired = ""
        """A token that is too old."""

    def step_functions(self, operation, *, maxResults, nextToken=None, reverseOrder=False, **_):  # noqa: N803 - AWS's
        assert operation == "GetExecutionHistory"
        if nextToken is not None and nextToken == self.expired:
            self.expired = ""  # those that are given from now on are new
            raise Fault("InvalidToken", "Invalid Token: 'Invalid token'")
        start = int(nextToken or 0)
        events = (self.events[::-1] if reverseOrder else self.events)[start : start + maxResults]
        self.given += len(events)
        more = start + maxResults < len(self.events)
        return {"events": events, **({"nextToken": str(start + maxResults)} if more else {})}


def test_a_look_reads_so_many_events_and_the_next_one_reads_on():
    asked, histories = Asked(2 * AT_ONCE + 1), Histories()
    assert [(len(kept.events), kept.more) for kept in looks(histories, asked, 1)] == [(AT_ONCE, True)]
    assert [(len(kept.events), kept.more) for kept in looks(histories, asked, 2)] == [(2 * AT_ONCE + 1, False)] * 2
    assert asked.given == 2 * AT_ONCE + 1


def looks(histories, asked, times):
    found = [histories.look(asked, "arn", 1.0) for _ in range(times)]
    return [SimpleNamespace(events=list(each.events), more=each.more) for each in found]


def test_the_whole_of_it_is_read_for_who_wants_it():
    kept = Histories().look(Asked(3 * AT_ONCE), "arn", 1.0, whole=True)
    assert (len(kept.events), kept.more) == (3 * AT_ONCE, False)


@pytest.mark.parametrize("fresh", [0, 1, LATELY - 1, LATELY, LATELY + 1, PAGE, AT_ONCE + PAGE])
def test_of_a_history_that_was_read_what_is_new_is_read(fresh):
    asked, histories = Asked(2 * PAGE + 5), Histories()
    histories.look(asked, "arn", 1.0)
    grown = Asked(2 * PAGE + 5 + fresh)
    kept = histories.look(grown, "arn", 1.0)
    for _ in range(5):
        histories.look(grown, "arn", 1.0)
    assert kept.events == grown.events
    assert grown.given <= fresh + PAGE + 7 * LATELY


def test_a_history_that_was_put_back_and_went_another_way_is_read_anew():
    asked, histories = Asked(50), Histories()
    histories.look(asked, "arn", 1.0)
    shorter, other = Asked(40), Asked(60)
    assert histories.look(shorter, "arn", 1.0).events == shorter.events
    other.events[39] = {**other.events[39], "type": "WaitStateExited"}
    assert histories.look(other, "arn", 1.0).events == other.events


def test_a_place_that_is_too_old_to_be_known_is_looked_for_anew():
    asked, histories = Asked(AT_ONCE + PAGE + 1), Histories()
    asked.expired = histories.look(asked, "arn", 1.0).place
    assert histories.look(asked, "arn", 1.0, whole=True).events == asked.events


def test_only_the_histories_that_were_looked_at_last_are_kept():
    asked, histories = Asked(5), Histories()
    first = histories.look(asked, "0", 1.0)
    for number in range(1, KEPT):
        histories.look(asked, str(number), 1.0)
    assert histories.look(asked, "0", 1.0) is first
    histories.look(asked, str(KEPT), 1.0)
    histories.look(asked, "more", 1.0)
    assert histories.look(asked, "0", 1.0) is first
    assert histories.look(asked, "0", 2.0) is not first


def mapping(count):
    """A machine with a Map of so many items."""
    inner = {"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": True}}}
    states = {"Each": {"Type": "Map", "Items": f"{{% [1..{count}] %}}", "ItemProcessor": inner, "End": True}}
    return {"QueryLanguage": "JSONata", "StartAt": "Each", "States": states}


def test_the_page_of_a_long_execution_says_how_far_it_is_read_and_ends_with_all_of_it(browser):
    arn = start(browser, mapping(1500))
    assert "Reading the history: 3000 of 6006 events" in browser.get(f"{CONSOLE}/executions/{arn}").text
    assert "Reading the history: 6000 of 6006 events" in browser.get(f"{CONSOLE}/reading/{arn}").text
    read = browser.get(f"{CONSOLE}/reading/{arn}").text
    assert "all events are read" in read
    assert f'hx-get="{CONSOLE}/executions/{arn}" hx-trigger="load" hx-target="#live"' in read
    page = browser.get(f"{CONSOLE}/executions/{arn}").text
    assert "Reading the history" not in page
    assert "1500 items" in page


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [("MapIterationStarted", [4]), ("each[0]/keep", [5, 6]), ('{"a": "b"}', [1, 2]), ("truncated", []), ("none", [])],
)
def test_events_are_found_by_their_type_their_state_and_the_json_in_them(browser, wanted, ids):
    arn = start(browser, mapping(1), '{"a": "b"}')
    shown = browser.get(f"{CONSOLE}/events/{arn}", query_string={"q": wanted}).text
    found = [number for number in range(1, 20) if f'id="event-{number}"' in shown]
    assert found == ids
