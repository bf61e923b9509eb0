"""Documentation pages become one contract."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mock_server.core import bundled
from mock_server.core.errors import ContractError
from mock_server.openapi.loading.markdown_import import ImportedContract, import_pages
from mock_server.openapi.loading.parser import parse_source
from tests.support.command_line import Done
from tests.support.paths import SHARED
from tests.support.server_process import RunningServer

SEED = SHARED / "seed" / "get-customer.md"

PETS = """
openapi: 3.1.0
info: {title: Pets, version: '1'}
security: [{key: []}]
tags: [{name: pets}]
paths:
  /pets/{id}:
    get:
      operationId: pets:get
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: Yes, it's here
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
components:
  schemas:
    Pet: {type: object, required: [name], properties: {name: {type: string, enum: ['NO', '010', '1e3', '~']}}}
  securitySchemes:
    key: {type: http, scheme: bearer}
"""
MORE = """
openapi: 3.1.1
info: {title: Pets, version: '1'}
security: [{key: []}]
tags: [{name: owners}]
paths:
  /pets/{id}:
    delete:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '204':
          description: |
            Gone.

              For ever.
  /owners:
    get:
      responses:
        '200':
          description: All
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Owner'}}}}
components:
  schemas:
    Pet: {properties: {name: {type: string, enum: ['NO', '010', '1e3', '~']}}, required: [name], type: object}
    Owner: {type: object, properties: {pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}
  securitySchemes:
    key: {type: http, scheme: bearer}
"""


def page(directory: Path, name: str, block: str, *, fence: str = "```yaml get /pets", title: str = "# A page") -> str:
    marks = fence[: len(fence) - len(fence.lstrip("`~"))]
    file = directory / name
    file.write_text(f"{title}\n\nSome words.\n\n{fence}\n{block.strip()}\n{marks}\n\nMore.\n", encoding="utf-8")
    return str(file)


def document(imported: ImportedContract) -> dict[str, Any]:
    data: Any = parse_source("imported.yaml", imported.text).data
    assert isinstance(data, dict)
    return data


@pytest.mark.skipif(not SEED.exists(), reason="the page is on the project's own machines only")
def test_one_block_is_given_byte_for_byte(command: Callable[..., Done], tmp_path: Path) -> None:
    done = command("import", str(SEED), "-o", str(tmp_path / "polar.yaml"))
    assert (tmp_path / "polar.yaml").read_bytes() == bundled.default_contract_path().read_bytes()
    assert (done.code, done.output) == (0, "")
    assert f"{SEED}: 1 operation, 7 other parts" in done.errors
    assert f"{SEED}:183 " in done.errors
    assert "TaxIDFormat" in SEED.read_text(encoding="utf-8").splitlines()[182]


def test_pages_become_one_contract(tmp_path: Path) -> None:
    pets, more = page(tmp_path, "pets.md", PETS), page(tmp_path, "more.md", MORE)
    imported = import_pages([pets, more])
    assert document(imported) == {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "security": [{"key": []}],
        "tags": [{"name": "pets"}, {"name": "owners"}],
        "paths": {
            "/pets/{id}": {
                "get": yaml.safe_load(PETS)["paths"]["/pets/{id}"]["get"],
                "delete": yaml.safe_load(MORE)["paths"]["/pets/{id}"]["delete"],
            },
            "/owners": yaml.safe_load(MORE)["paths"]["/owners"],
        },
        "components": {
            "schemas": {
                "Pet": yaml.safe_load(PETS)["components"]["schemas"]["Pet"],
                "Owner": yaml.safe_load(MORE)["components"]["schemas"]["Owner"],
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    lines = imported.text.splitlines()
    assert lines[lines.index("    delete:") - 1] == f"    # {more}:12"
    assert Path(more).read_text(encoding="utf-8").splitlines()[11] == "    delete:"
    assert lines[lines.index("    Pet:") - 1].startswith(f"    # {pets}:")
    assert imported.findings == ()
    assert ("/paths/~1owners/get", f"{more}:21") in imported.parts


def test_what_was_imported_is_served(command: Callable[..., Done], tmp_path: Path) -> None:
    pages = [page(tmp_path, "pets.md", PETS), page(tmp_path, "more.md", MORE)]
    assert command("import", *pages, "-o", str(tmp_path / "c.yaml")).code == 0
    with RunningServer(str(tmp_path / "c.yaml")) as server:
        key = {"Authorization": "Bearer x"}
        assert httpx.get(server.url + "/pets/1", headers=key).json()["name"] in ("NO", "010", "1e3", "~")
        assert httpx.delete(server.url + "/pets/1", headers=key).status_code == 204
        assert httpx.get(server.url + "/owners", headers=key).status_code == 200


def test_json_is_written_where_name_says_so(command: Callable[..., Done], tmp_path: Path) -> None:
    assert command("import", page(tmp_path, "pets.md", PETS), "-o", str(tmp_path / "c.json")).code == 0
    written = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert written == yaml.safe_load(PETS)


@pytest.mark.parametrize("fence", ["```yaml", "~~~~ yml openapi.yaml GET /pets", "```", "````OpenAPI title=x"])
def test_fences_of_every_kind_are_read(tmp_path: Path, fence: str) -> None:
    assert import_pages([page(tmp_path, "a.md", PETS, fence=fence)]).text == PETS.lstrip()


def test_block_within_list_or_quote_is_read(tmp_path: Path) -> None:
    for prefix, rest in (("1. ", "   "), ("> ", "> ")):
        block = f"```yaml\n{PETS.strip()}\n```\n"
        indented = prefix + textwrap.indent(block, rest, lambda line: True).removeprefix(rest)
        (tmp_path / "a.md").write_text(f"# A\n\n{indented}", encoding="utf-8")
        assert import_pages([str(tmp_path / "a.md")]).text == PETS.lstrip()


def test_other_code_blocks_are_skipped(tmp_path: Path) -> None:
    other = (
        '```bash\ncat <<E\nopenapi: [\nE\n```\n\n```json\n{"name": "openapi"}\n```\n\n```yaml\na: \'openapi: \'\n```\n'
    )
    assert import_pages([page(tmp_path, "a.md", PETS, title=other)]).text == PETS.lstrip()


def test_json_blocks_are_merged_too(tmp_path: Path) -> None:
    pets = page(tmp_path, "a.md", json.dumps(yaml.safe_load(PETS), indent=2), fence="~~~json")
    assert document(import_pages([pets]))["info"] == {"title": "Pets", "version": "1"}
    assert set(document(import_pages([pets, page(tmp_path, "b.md", MORE)]))["paths"]) == {"/pets/{id}", "/owners"}


def test_same_page_twice_is_that_page(tmp_path: Path) -> None:
    pets = page(tmp_path, "a.md", PETS)
    assert import_pages([pets, page(tmp_path, "b.md", PETS)]).text == PETS.lstrip()


def test_operations_keep_security_of_their_own_page(tmp_path: Path) -> None:
    open_page = page(tmp_path, "b.md", MORE.replace("security: [{key: []}]\n", ""))
    merged = document(import_pages([page(tmp_path, "a.md", PETS), open_page]))
    paths: dict[str, dict[str, dict[str, object]]] = merged["paths"]
    assert "security" not in merged
    assert paths["/pets/{id}"]["get"]["security"] == [{"key": []}]
    assert paths["/pets/{id}"]["delete"]["security"] == []


@pytest.mark.parametrize(
    ("old", "new", "what", "lines"),
    [
        ("type: string, enum", "type: integer, enum", "a component Pet (schemas)", (21, 28)),
        ("    delete:", "    get:", "an operation GET /pets/{id}", (15, 14)),
        ("openapi: 3.1.1", "openapi: 3.0.3", "a openapi", (6, 6)),
    ],
)
def test_contradicting_pages_are_refused(
    command: Callable[..., Done], tmp_path: Path, old: str, new: str, what: str, lines: tuple[int, int]
) -> None:
    pets, more = page(tmp_path, "a.md", PETS), page(tmp_path, "b.md", MORE.replace(old, new))
    out = tmp_path / "c.yaml"
    out.write_text("before", encoding="utf-8")
    done = command("import", pets, more, "-o", str(out))
    assert (done.code, out.read_text(encoding="utf-8")) == (2, "before")
    (finding,) = [line for line in done.errors.splitlines() if "[conflict]" in line]
    assert what in finding
    assert f"{pets}:{lines[0]}" in finding
    assert f"{more}:{lines[1]}" in finding


def test_undefined_reference_is_named(command: Callable[..., Done], tmp_path: Path) -> None:
    pets = page(tmp_path, "a.md", PETS.replace("    Pet:", "    Cat:"))
    (finding,) = import_pages([pets]).findings
    assert (finding.rule, finding.location) == ("dangling-reference", f"{pets}:18")
    assert "'#/components/schemas/Pet'" in finding.found
    assert import_pages([pets, page(tmp_path, "b.md", MORE)]).findings == ()
    strict = command("import", pets, "--strict", "-o", str(tmp_path / "c.yaml"))
    assert strict.code == 2
    assert not (tmp_path / "c.yaml").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Words\n", "found no OpenAPI in 0 fenced blocks"),
        ("```yaml\na: 1\n```\n", "found no OpenAPI in 1 fenced block;"),
        ("# A\n\n```yaml\nopenapi: 3.1.0\npaths: [\n```\n", "a.md:"),
        ('```json\n{"openapi": "3.1.0", "paths": {]}\n```\n', "a.md:2: found"),
    ],
)
def test_page_without_contract_is_refused_with_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=message.replace("(", r"\(")):
        import_pages([str(tmp_path / "a.md")])


def test_page_that_is_missing_is_refused(command: Callable[..., Done]) -> None:
    done = command("import", "nowhere.md")
    assert done.code == 2
    assert "nowhere.md: found no such file" in done.errors
    assert command("import").code == 2


def test_strings_keep_their_value(tmp_path: Path) -> None:
    texts = [
        "a\n",
        "\n\na\n b\n",
        "  x",
        "x \ny",
        "é\u2028z\n",
        "a: b",
        "# c",
        "0x1f",
        "1_0",
        "=",
        "2020-01-01",
        "\t",
        "",
        "x" * 300 + "\n" + "word " * 60,
        "NULL",
        "- a",
        "'",
        '"',
        "{{ }}",
        "a\x85b",
        "🙂\n",
    ]
    block = {"openapi": "3.1.0", "paths": {"/" + "p" * 150: {"get": {"x-texts": texts, "x-" + "k" * 140: "v"}}}}
    pages = [page(tmp_path, "a.md", json.dumps(block)), page(tmp_path, "b.md", PETS)]
    paths: dict[str, dict[str, dict[str, object]]] = document(import_pages(pages))["paths"]
    assert paths["/" + "p" * 150]["get"] == {"x-texts": texts, "x-" + "k" * 140: "v", "security": []}
