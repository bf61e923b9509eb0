"""The site of the documentation: pages are staged, links and words are checked, pages are listed for programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from docs.site.for_programs import publish_markdown, title_and_summary
from docs.site.links import diagram_errors, link_errors
from docs.site.staging import CONFIGURATION, MissingFileError, nav_pages, navigation, page_sources, stage
from tests.support.paths import ROOT

DOCS_PYTHON = ROOT / ".venv/docs/bin/python"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a page, a picture, and the pages of the root."""
    (tmp_path / "docs/images").mkdir(parents=True)
    (tmp_path / "docs/images/a.png").write_bytes(b"\x89PNG")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "README.md"):
        (tmp_path / name).write_text(f"# {name}\n", encoding="utf-8")
    (tmp_path / "docs/index.md").write_text("# Home\n\nA page. And more.\n", encoding="utf-8")
    return tmp_path


def staged(checkout: Path, text: str) -> str:
    (checkout / "docs/page.md").write_text(text, encoding="utf-8")
    stage(checkout / "build", checkout)
    return (checkout / "build/pages/page.md").read_text(encoding="utf-8")


def test_every_page_has_one_place_in_navigation() -> None:
    assert sorted(nav_pages(navigation())) == sorted(page_sources())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("index.md#home", "index.md#home"),
        ("../README.md", "index.md"),
        ("../CHANGELOG.md#a", "changelog.md#a"),
        ("images/a.png", "images/a.png"),
        ("https://example.com/a.md", "https://example.com/a.md"),
        ("#here", "#here"),
    ],
)
def test_links_lead_to_pages_of_site(checkout: Path, link: str, expected: str) -> None:
    assert staged(checkout, f"# P\n\n[a]({link})\n") == f"# P\n\n[a]({expected})\n"


def test_files_of_the_checkout_come_along(checkout: Path) -> None:
    (checkout / "examples/plugin").mkdir(parents=True)
    (checkout / "examples/compose.yaml").write_text("services: {}\n", encoding="utf-8")
    (checkout / "examples/plugin/README.md").write_text("# Plugin\n", encoding="utf-8")
    text = staged(checkout, "[a](../examples/compose.yaml) [b](../examples/plugin)")
    assert text == "[a](files/examples/compose.yaml) [b](files/examples/plugin/README.txt)"
    assert (checkout / "build/pages/files/examples/compose.yaml").read_text(encoding="utf-8") == "services: {}\n"
    assert (checkout / "build/pages/files/examples/plugin/README.txt").exists()


def test_code_keeps_its_links(checkout: Path) -> None:
    text = "# P\n\n```md\n[a](nowhere.md)\n```\n\n    [b](nowhere.md)\n\n[c](../README.md)\n"
    assert staged(checkout, text) == text.replace("../README.md", "index.md")


def test_link_to_no_file_is_refused(checkout: Path) -> None:
    with pytest.raises(MissingFileError, match=r"docs/page\.md: found a link to nowhere\.md"):
        staged(checkout, "[a](nowhere.md)")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('<a href="b.html#here">b</a>', None),
        ('<a href="c.html">c</a>', "found a link to c.html; expected a file of the site."),
        ('<a href="b.html#there">b</a>', "found a link to b.html#there; expected an anchor of b.html."),
        ('<a href="../secret.txt">s</a>', "found a link to ../secret.txt; expected a file of the site."),
        ('<a href="https://example.com/">e</a>', None),
        ('<img src="https://example.com/a.png">', "found https://example.com/a.png loaded from another host"),
        ('<script src="//example.com/a.js"></script>', "found //example.com/a.js loaded from another host"),
        ('<pre class="mermaid">graph</pre>', "found the class mermaid"),
    ],
)
def test_built_pages_are_checked(tmp_path: Path, body: str, error: str | None) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.txt").write_text("", encoding="utf-8")
    (site / "a.html").write_text(body, encoding="utf-8")
    (site / "b.html").write_text('<h2 id="here">Here</h2>', encoding="utf-8")
    errors = [*link_errors(site)]
    assert len(errors) == (error is not None)
    assert all(str(error) in line for line in errors)


@pytest.mark.parametrize(("text", "count"), [("```mermaid\ngraph\n```\n", 1), ("mermaid", 0)])
def test_diagrams_are_pictures(text: str, count: int) -> None:
    assert len([*diagram_errors("a.md", text)]) == count


def test_summary_is_the_first_sentence() -> None:
    text = "# Title\n\n    code\n\n![p](p.png)\n\nSee [this page](a.md)\nfirst, v1.2 too. Then more.\n"
    assert title_and_summary(text) == ("Title", "See this page first, v1.2 too.")


def test_programs_get_markdown_and_a_list(checkout: Path) -> None:
    build = checkout / "build"
    stage(build, checkout)
    (build / "zensical.toml").write_text(
        '[project]\nsite_name = "S"\nsite_description = "D"\nnav = ["index.md", {"More" = ["changelog.md"]}]\n',
        encoding="utf-8",
    )
    publish_markdown(build)
    assert (build / "site/index.md").read_text(encoding="utf-8").startswith("# Home\n")
    assert (build / "site/llms.txt").read_text(encoding="utf-8") == (
        "# S\n\n> D\n\n## Start\n\n- [Home](index.md): A page.\n\n## More\n\n- [CHANGELOG.md](changelog.md): \n"
    )


def test_site_asks_no_host_for_fonts() -> None:
    assert "font = false" in CONFIGURATION.read_text(encoding="utf-8")


@pytest.mark.skipif(not DOCS_PYTHON.exists(), reason="make docs installs the dictionary, and checks the words itself")
def test_words_are_checked() -> None:
    program = """
from spellchecker import SpellChecker
from docs.site.spelling import read_vocabulary, spelling_errors
text = "# The webhook\\n\\nA wrod, `wrod`, \u017di\u017ekov of Brno and the ladder.\\n"
print(*spelling_errors("a.md", text, read_vocabulary(), SpellChecker(language="en")), sep="\\n")
"""
    done = subprocess.run(
        [DOCS_PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    private, word = done.stdout.splitlines()
    assert private == "a.md:3: found the private word 'ladder'; expected the response selection order."
    assert word.startswith("a.md:3: found 'wrod', in no dictionary")
