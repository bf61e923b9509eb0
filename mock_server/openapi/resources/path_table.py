"""The operations of a contract by the form of their paths, and what each path is: a collection, an item, neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mock_server.core.types import JSON
from mock_server.openapi.resources.names import singular, snake
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form, stem_of
from mock_server.openapi.resources.schema_shapes import UNKNOWN, SchemaShape
from mock_server.openapi.resources.similarity import is_compatible, is_same_record
from mock_server.openapi.resources.verb_words import CALLER

_WRITING = ("PATCH", "PUT")


class PathTable:
    """Paths by form. Two paths that differ in the names of parameters are one."""

    def __init__(self, sites: Iterable[OperationSite]) -> None:
        self._forms: dict[Form, dict[str, OperationSite]] = {}
        self._shown: dict[Form, SchemaShape] = {}
        for site in sites:
            if not site.path.is_compound:
                self._forms.setdefault(site.path.form, {}).setdefault(site.method, site)

    @property
    def forms(self) -> Mapping[Form, Mapping[str, OperationSite]]:
        """The operations by method, for each form."""
        return self._forms

    def site(self, form: Form, method: str) -> OperationSite | None:
        """Return the operation of a form and method; None where there is none."""
        return self._forms.get(form, {}).get(method)

    def lists(self, form: Form) -> bool:
        """Tell whether GET answers a list."""
        site = self.site(form, "GET")
        return site is not None and site.answer.is_list

    def reads(self, form: Form) -> bool:
        """Tell whether GET answers one object."""
        site = self.site(form, "GET")
        return site is not None and site.answer.is_object

    def has_items(self, form: Form) -> bool:
        """Tell whether something below a path is read or changed by a last parameter."""
        methods = self._forms.get((*form, "{}"), {})
        return any(method in methods for method in ("GET", "PATCH", "PUT", "DELETE"))

    def is_collection(self, form: Form) -> bool:
        """Tell whether a path lists, or creates what a longer path finds."""
        if self.lists(form):
            return True
        if not form or form[-1] == "{}" or self.reads(form):
            return False
        if not self.has_items(form) or not self._forms.get(form, {}).keys() & {"POST", "GET"}:
            return False
        return not self._answers_owner(form)

    def _answers_owner(self, form: Form) -> bool:
        """Tell whether POST answers the item that a path is below: what it adds to that is no record of its own."""
        post, owner = self.site(form, "POST"), self.site(form[:-1], "GET")
        if post is None or owner is None or not post.answer.is_object or not owner.answer.is_object:
            return False
        return is_same_record(post.answer.shape, owner.answer.shape)

    def is_item(self, form: Form) -> bool:
        """Tell whether a path ends in what finds one record: a parameter, or a word for the caller."""
        if not form or form not in self._forms or self.lists(form):
            return False
        return form[-1] == "{}" or (form[-1] in CALLER and self.reads(form))

    def is_singleton(self, form: Form) -> bool:
        """Tell whether a path without a key reads one object, and writes it too."""
        if not form or form[-1] == "{}" or not self.reads(form) or self._is_found_by_query(form):
            return False
        return any(self._writes(form, method) for method in _WRITING) or self._posts_back(form) or self._deletes(form)

    def _is_found_by_query(self, form: Form) -> bool:
        """Tell whether query parameters say which object is meant: required ones, or keys of what the path names."""
        noun = singular(snake(form[-1]))
        return any(
            parameter.is_required
            or (snake(parameter.name).startswith(noun) and parameter.name.lower().endswith(("id", "name", "key")))
            for site in self._forms[form].values()
            for parameter in site.query()
        )

    def _deletes(self, form: Form) -> bool:
        """Tell whether DELETE removes the object that GET answers: no body says what else, nothing sets it again."""
        methods = self._forms.get(form, {})
        delete = methods.get("DELETE")
        post = methods.get("POST")
        is_toggled = "PUT" in methods or (post is not None and post.body is None)
        return delete is not None and delete.body is None and not is_toggled and not self.has_items(form)

    def _writes(self, form: Form, method: str) -> bool:
        site = self.site(form, method)
        return site is not None and site.body is not None

    def _posts_back(self, form: Form) -> bool:
        """Tell whether POST answers the object that GET answers, below nothing that is listed."""
        read, post = self.site(form, "GET"), self.site(form, "POST")
        if read is None or post is None or self.has_items(form) or "read" in post.word.verbs:
            return False
        return bool(read.answer.shape.reference) and read.answer.shape.reference == post.answer.shape.reference

    def is_written(self, form: Form) -> bool:
        """Tell whether an item path changes its record; PUT without a body only links it."""
        methods = self._forms.get(form, {})
        put = methods.get("PUT")
        if put is not None and put.body is None:
            return False
        return bool(methods.keys() & {"PATCH", "PUT", "POST", "DELETE"})

    def is_owned(self, form: Form) -> bool:
        """Tell whether records are made or changed at an item path or right before it, not only linked there."""
        methods = self._forms.get(form, {})
        put = methods.get("PUT")
        is_put = put is not None and put.body is not None and (put.is_body_required or put.answer.is_object)
        collection = self.collection_of(form)
        is_posted = collection is not None and "POST" in self._forms.get(collection, {})
        return "PATCH" in methods or "POST" in methods or is_put or is_posted

    def collection_of(self, form: Form) -> Form | None:
        """Return the collection that an item path belongs to: the path before it, or before its run of parameters."""
        if not form or self.is_collection(form[:-1]):
            return form[:-1] or None
        stem = stem_of(form)
        is_below_item = form[:-1] != stem and self.reads(form[:-1])
        return stem if stem and not is_below_item and self.is_collection(stem) else None

    def item_above(self, form: Form) -> Form | None:
        """Return the nearest item path that a path stands below; None where there is none."""
        for end in range(len(form) - 1, 0, -1):
            above = form[:end]
            if above[-1] == "{}" or above[-1] in CALLER:
                return above
        return None

    def last_parameter(self, form: Form) -> tuple[str, JSON]:
        """Return the name and the schema of the parameter that a path ends in."""
        for site in self._forms[form].values():
            name = site.path.parameters[-1]
            return name, site.path_schema(name)
        return "", None

    def shown(self, form: Form) -> SchemaShape:
        """Return the shape of the record that a path shows; :data:`UNKNOWN` where no answer shows one.

        What only a write of an item answers has to fit what its collection lists: a PUT may answer an invitation.
        """
        if form not in self._shown:
            self._shown[form] = self._shape(form)
        return self._shown[form]

    def _shape(self, form: Form) -> SchemaShape:
        methods = self._forms.get(form, {})
        for method in ("GET", "PATCH", "PUT", "POST"):
            site = methods.get(method)
            if site is not None and (site.answer.is_list or site.answer.is_object):
                collection = self.collection_of(form) if form[-1:] == ("{}",) and method != "GET" else None
                if collection is None or is_compatible(self.shown(collection), site.answer.shape):
                    return site.answer.shape
        return UNKNOWN
