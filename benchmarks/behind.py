"""This server's application by itself, as an ASGI app that any server can be given.

``BEHIND_CONTRACT`` names the contract that is served; the bundled one where it is empty.
"""

from __future__ import annotations

import os

from mock_server.server.application import Application
from mock_server.settings import Settings

app = Application(Settings(contract=tuple(filter(None, [os.environ["BEHIND_CONTRACT"]]))))
app.warm()
