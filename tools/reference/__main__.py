"""Write the pages that come from the source, and the document of the control API that one of them comes from."""

from __future__ import annotations

from tools import control_api
from tools.reference.pages import DOCS, pages

control_api.main()
for file, text in pages().items():
    file.write_text(text, encoding="utf-8")
    print(f"docs/{file.relative_to(DOCS)}")
