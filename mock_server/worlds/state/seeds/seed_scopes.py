"""Which seeds a parent has: a resource that some path lists without parents has the same seeds everywhere."""

from __future__ import annotations

from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import Collection, InferredResource, ItemPath
from mock_server.worlds.state.identity import Scope, scope_names


@value_class
class SeedScopes:
    """The sets of parents below which a resource has seeds of its own, those of the home first; empty: none."""

    forms: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, resource: InferredResource) -> SeedScopes:
        """Return the scopes of a resource: by the paths that list it, else by those that make or find it."""
        listing = [path for path in resource.collections if path.envelope is not None]
        paths: list[Collection | ItemPath] = [*(listing or resource.items or resource.collections)]
        forms = sorted(dict.fromkeys(scope_names(path.parents) for path in paths), key=len)
        return cls(() if forms[:1] == [()] else tuple(forms))

    @property
    def is_global(self) -> bool:
        """Whether there are the same seeds everywhere."""
        return not self.forms

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parents."""
        return tuple(dict.fromkeys(name for form in self.forms for name in form))

    def own(self, scope: Scope) -> dict[str, str]:
        """Return the part of a scope that tells which seeds they are."""
        for form in self.forms:
            if all(name in scope for name in form):
                return {name: scope[name] for name in form}
        names = {name for form in self.forms for name in form}
        return {name: text for name, text in scope.items() if name in names}

    def is_whole(self, scope: Scope) -> bool:
        """Tell whether a scope has all the parents that seeds are told apart by."""
        return not self.forms or any(all(name in scope for name in form) for form in self.forms)
