"""The API for tests: a server in this process or another, worlds, and what they recorded.

::

    with MockServer() as mock, mock.world() as world:
        client = Client(base_url=world.url)
        ...
        world.verify(method="GET", path="/pets/{id}", times=2).
"""

from mock_server.core.errors import ControlError, MockServerError
from mock_server.testing.mock_server import MockServer
from mock_server.testing.recorded_changes import RecordedChange, RecordedChanges, RecordedSnapshot
from mock_server.testing.recorded_deliveries import RecordedDelivery, RecordedTry
from mock_server.testing.recorded_events import RecordedEvent
from mock_server.testing.recorded_request import RecordedRequest
from mock_server.testing.scenario_data import (
    AnswerData,
    EventFaultData,
    RequestMatchData,
    ScenarioData,
    ValuePatternData,
)
from mock_server.testing.verification_error import VerificationError
from mock_server.testing.world import Clock, World

__all__ = [
    "AnswerData",
    "Clock",
    "ControlError",
    "EventFaultData",
    "MockServer",
    "MockServerError",
    "RecordedChange",
    "RecordedChanges",
    "RecordedDelivery",
    "RecordedEvent",
    "RecordedRequest",
    "RecordedSnapshot",
    "RecordedTry",
    "RequestMatchData",
    "ScenarioData",
    "ValuePatternData",
    "VerificationError",
    "World",
]
