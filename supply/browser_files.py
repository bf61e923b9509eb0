"""Take the files that pages of the console load of other projects out of their npm packages, with their licences.

    python -m supply.browser_files

``supply/browser`` has the lock, whose hashes npm checks. Each file is compressed, the same bytes each time, and the
manifest beside them says what package and version they are of, and their digests before that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent / "browser"
PLACE = HERE.parents[1] / "mock_server" / "admin" / "console" / "static"
MANIFEST = PLACE / "manifest.json"
PACKAGE = "swagger-ui-dist"
FILES = {
    "swagger-ui-bundle.js": "swagger-ui-bundle.js.gz",
    "swagger-ui.css": "swagger-ui.css.gz",
    "LICENSE": "swagger-ui-LICENSE.txt",
    "NOTICE": "swagger-ui-NOTICE.txt",
    "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
}
"""What is taken, and under what name; names that end in ``.gz`` are compressed."""


def main() -> None:
    """Write the files and their manifest."""
    package = HERE / "node_modules" / PACKAGE
    description = json.loads((package / "package.json").read_text(encoding="utf-8"))
    digests = {}
    for source, name in FILES.items():
        content = (package / source).read_bytes()
        digests[name] = hashlib.sha256(content).hexdigest()
        (PLACE / name).write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
    manifest = {
        "package": PACKAGE,
        "version": description["version"],
        "licence": description["license"],
        "sha256": digests,
    }
    MANIFEST.write_text(f"{json.dumps(manifest, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
