"""What Schemathesis has to be told of the contracts."""

import schemathesis
from hypothesis import strategies as st

# Schemathesis sends any text for a format that it does not know, and expects it to be taken.
schemathesis.openapi.format("uuid4", st.uuids(version=4).map(str))
