"""The contract: read, mended, checked, frozen; and the judge of what it says."""
