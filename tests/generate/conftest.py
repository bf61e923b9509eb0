"""The 249 countries of ISO 3166, as the contract that ships has them."""

from __future__ import annotations

from typing import Any

import yaml

from mock_server import bundled

_CONTRACT: dict[str, Any] = yaml.load(bundled.contract().read_text("utf-8"), yaml.CSafeLoader)
COUNTRIES: list[str] = _CONTRACT["components"]["schemas"]["Address"]["properties"]["country"]["enum"]
