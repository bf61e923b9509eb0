"""The documentation as a site: its pages staged, built, checked and listed for programs."""
