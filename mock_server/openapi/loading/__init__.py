"""From the files of a contract to a frozen model: read, bundle, convert, overlay, repair, compile."""
