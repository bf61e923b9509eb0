"""The customers of the contract that ships, as a client asks for them."""

from __future__ import annotations

ME = "/v1/customer-portal/customers/me"
INDIVIDUAL = {"Authorization": "Bearer polar_cst_individual"}
