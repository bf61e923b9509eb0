"""Write YAML that every reader reads alike, be it of YAML 1.1 or 1.2."""

from __future__ import annotations

import re
from typing import Any, Literal

import yaml

Quote = Literal["'", '"']


class _Dumper(yaml.SafeDumper):
    """Quotes texts that a reader might take for another type; writes values twice in place of aliases."""

    quote: Quote = "'"

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Return the node of a text. Some readers break lines at U+0085, U+2028 and U+2029, so that these are escaped."""
    if re.search(r"[\x85\u2028\u2029]", text):
        style: str | None = '"'
    elif "\n" in text:
        style = "|"
    else:
        style = dumper.quote if re.match(r"[-+.0-9]|(?i:null|true|false|yes|no|on|off|y|n|~)$", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class _DoubleQuotingDumper(_Dumper):
    quote = '"'


_DUMPERS: dict[Quote, type[_Dumper]] = {"'": _Dumper, '"': _DoubleQuotingDumper}


def yaml_text(value: object, *, width: int, quote: Quote) -> str:
    """Return a JSON value as YAML in block style, members in their order, in lines of about ``width`` characters."""
    text: str = yaml.dump(
        value, Dumper=_DUMPERS[quote], allow_unicode=True, sort_keys=False, width=width, default_flow_style=False
    )
    return text
