"""The map of the page of coverage: countries that clients have met, and the records of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from mock_server import MockServer
from mock_server.admin.console.world_map import world_map
from tests.support.console import console
from tests.support.contracts import PETS
from tests.support.countries import COUNTRIES
from tests.support.customers import ME

MAP = "/__admin/coverage"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def meet(world: httpx.Client, *codes: str) -> None:
    for code in codes:
        world.get(ME, headers={"Accept": "application/json", "Authorization": f"Bearer polar_cst_{code}"})


def shown(page: str, kind: str) -> set[str]:
    """The countries of the map that are of a kind."""
    return {*re.findall(rf'countries/(\w\w)" tabindex="-1" class="{kind}"', page)}


def test_map_shows_which_countries_were_met(world: httpx.Client) -> None:
    assert shown(world.get(MAP).text, "met") == set()
    meet(world, "SE", "SG", "FR")
    page = world.get(MAP)
    assert shown(page.text, "met") == {"SE", "SG", "FR"}
    assert {"DE", "BR", "MT"} <= shown(page.text, "never")
    assert "3 of 249 met" in page.text
    assert len(page.content) < 300_000


def test_list_beside_has_every_country(world: httpx.Client) -> None:
    meet(world, "GI")  # too small for the map
    page = world.get(MAP).text
    listed = re.findall(r'<a class="tag ([\w-]*)" href="[^"]*/countries/(\w\w)"', page)
    assert {code for _, code in listed} == {*COUNTRIES}
    assert [code for kind, code in listed if kind == "t-covered"] == ["GI"]


def test_country_leads_to_its_records(world: httpx.Client) -> None:
    assert "never met" in world.get(f"{MAP}/countries/SE").text
    meet(world, "SE")
    page = world.get(f"{MAP}/countries/SE").text
    assert "Sweden" in page
    (record,) = re.findall(r'href="[^"]*(/__admin/fixtures/customers/[^"?]+)"', page)
    assert world.get(record, headers={"Accept": "application/json"}).json()["billing_address"]["country"] == "SE"
    assert "/operations/" in page
    assert world.get(f"{MAP}/countries/ZZ").status_code == 404


def test_contract_without_countries_has_no_map(own_cache: None, tmp_path: Path) -> None:
    file = tmp_path / "pets.yaml"
    file.write_text(PETS, encoding="utf-8")
    with MockServer(contract=str(file)) as mock, console(mock.url, trust_env=False) as client:
        assert "<svg" not in client.get(MAP).text
        assert client.get(f"{MAP}/countries/SE").status_code == 404


def test_map_has_all_countries_of_the_standard() -> None:
    countries = world_map().countries
    assert {*countries} == {*COUNTRIES}
    without = {code for code, country in countries.items() if not country.path and not country.point}
    assert without == {"BQ", "BV", "CC", "CX", "GF", "GI", "GP", "MQ", "RE", "SJ", "TK", "TV", "UM", "YT"}


@pytest.mark.parametrize(("west", "east"), [("US", "PT"), ("PT", "PL"), ("PL", "IN"), ("IN", "JP"), ("CL", "AR")])
def test_countries_are_where_they_belong(west: str, east: str) -> None:
    starts = [int(world_map().countries[code].path[1:].split()[0]) for code in (west, east)]
    assert starts == sorted(starts)
