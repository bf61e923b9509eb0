"""A program that compiles a contract and has its routes read, so that another process finds both in the cache.

``python -m mock_server.openapi.routing.precompiler FETCH PLUGINS CONTRACT [OVERLAY ...]``.

FETCH is 1 if references may lead to URLs, PLUGINS is 1 if plugins are loaded; else they are 0.
"""

from __future__ import annotations

import sys

from mock_server.core.errors import ContractError, MockServerError
from mock_server.openapi.loading.compiled import ContractInput
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.loading.subprocess_compiler import REFUSED, report_of
from mock_server.openapi.routing.router import Router
from mock_server.plugins import activate


def main() -> int:
    """Compile the contract of the arguments; return the exit code."""
    fetch, plugins, place, *overlays = sys.argv[1:]
    contract_input = ContractInput(place, tuple(overlays), fetch == "1")
    try:
        activate(is_enabled=plugins == "1")
        contract_input.compile(contract_input.key)
        Router(load_contract(place, overlays, may_fetch=contract_input.may_fetch))
    except ContractError as error:
        sys.stdout.write(report_of(error))
        return REFUSED
    except MockServerError:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
