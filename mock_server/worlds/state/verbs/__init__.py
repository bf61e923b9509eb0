"""What each verb does to records: from a request to what is shown and which rows change."""
