"""The page of the extensions that a contract may have for this server, by the object on which they stand."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.openapi.effects.effect_names import ABSENT, EFFECTS
from mock_server.openapi.extensions import ROOT_KEYS
from mock_server.openapi.failure_extensions import FAILURES
from mock_server.openapi.state_extensions import OPERATION_KEYS, RESOURCE_KEYS, STATE_MODES, TELLABLE_VERBS
from mock_server.openapi.webhook_extensions import SCHEMES
from tools.reference.markdown import page, table

INTRODUCTION = """\
Where each `x-mock-*` key stands; [x-mock data](x-mock.md) explains all of them with their members. An unknown key is
refused with a suggestion. They usually come by an [overlay](overlays.md).
"""
ON_OPERATION: Mapping[str, str] = {
    "x-mock-fixture": "x-mock-resources",
    **dict.fromkeys((*OPERATION_KEYS, ABSENT), "on-an-operation"),
    EFFECTS: EFFECTS,
}
"""The keys of an operation, with the heading that explains each."""
ON_SCHEMA: Mapping[str, str] = {"x-faker": "x-faker-and-x-count", "x-count": "x-faker-and-x-count"}


def extensions_page() -> str:
    """Return the page."""
    return page(
        "Extensions",
        INTRODUCTION,
        f"## On the document\n\n{_table({key: key for key in ROOT_KEYS})}",
        f"## On an operation\n\n{_table(ON_OPERATION)}",
        f"## On a schema\n\n{_table(ON_SCHEMA)}",
        f"## Words that they take\n\n{_words()}",
    )


def _table(keys: Mapping[str, str]) -> str:
    return table(
        ("key", "explained at"), ((f"`{key}`", f"[{place}](x-mock.md#{place})") for key, place in keys.items())
    )


def _words() -> str:
    words = {
        "a resource of `x-mock-resources`, of its state": RESOURCE_KEYS,
        "`x-mock-failures`": FAILURES,
        "`x-mock-state`": STATE_MODES,
        "`x-mock-does`": TELLABLE_VERBS,
        "`signing` of `x-mock-webhooks`": SCHEMES,
    }
    return table(("of", "words"), ((of, ", ".join(f"`{word}`" for word in listed)) for of, listed in words.items()))
