"""Lists of records: what a query asks for, the page of records that answers it, and the envelope around them."""
