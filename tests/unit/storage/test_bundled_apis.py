"""What comes with the package: all of Polar has the customers of *Get Customer*."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mock_server.core import bundled


def test_customers_of_all_of_polar_are_those_of_get_customer() -> None:
    api = bundled.apis()["polar"]
    plain = yaml.safe_load((bundled.fixtures() / "customers.yaml").read_text("utf-8"))
    full = yaml.safe_load((api.fixtures / "customers.yaml").read_text("utf-8"))
    assert [customer["handle"] for customer in full] == [customer["handle"] for customer in plain]
    for customer, other in zip(plain, full, strict=True):
        shared = {name: value for name, value in customer.items() if name != "type"}
        assert {name: other[name] for name in shared} == shared
        assert other["type"] == customer.get("type") or customer.get("type") is None


def test_file_comes_before_an_api_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert bundled.api_named("polar") == bundled.apis()["polar"]
    assert bundled.api_named("polr") is None
    (tmp_path / "polar").write_text("openapi: 3.1.0", encoding="utf-8")
    assert bundled.api_named("polar") is None
