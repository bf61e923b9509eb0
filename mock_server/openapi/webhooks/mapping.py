"""Which resource each webhook is about: by the schema of the record in its body, then by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mock_server.core.json_pointer import pointer_of
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import InferredResource, ResourceModel
from mock_server.openapi.resources.names import bare_words, noun_words, words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.openapi.webhooks.event_names import EventName, is_type_name
from mock_server.openapi.webhooks.model import MappedWebhook, Webhook, WebhookModel
from mock_server.openapi.webhooks.reader import read_webhooks

_PLACES = ("data", "object", "payload", "resource", "record", "entity", "item", "body", "event")
"""Members of a body that have the record, whatever it is, the likeliest first."""


def webhooks_of(contract: Contract) -> WebhookModel:
    """Return the webhooks of a contract with the resources that they are about; remembered by its digest."""
    model = _MODELS.get(contract.digest)
    if model is None:
        model = WebhookMapping(contract, model_of(contract)).model()
        _MODELS.keep(contract.digest, model)
    return model


_MODELS: SizedCache[str, WebhookModel] = SizedCache(8)


@value_class
class RecordPlace:
    """A member of a body that may have the record: its JSON Pointer, its shape, and the resource of its schema."""

    pointer: str
    shape: SchemaShape
    resource: str


class WebhookMapping:
    """Maps the webhooks of one contract to its resources."""

    def __init__(self, contract: Contract, model: ResourceModel) -> None:
        self._contract = contract
        self._model = model
        self._reader = ShapeReader(contract.document)
        self._by_schema = _by_schema(model)
        self._nouns = {name: _nouns(resource) for name, resource in model.resources.items()}

    def model(self) -> WebhookModel:
        """Return all webhooks; those of one change of one resource are automatic where their names say so best."""
        mapped = [self.mapped(webhook) for webhook in self._named([*read_webhooks(self._contract)])]
        by_name = {each.webhook.name: each for each in mapped}
        webhooks = {name: self._settled(each, by_name) for name, each in by_name.items()}
        return WebhookModel(webhooks, {each.webhook.key: name for name, each in by_name.items() if each.webhook.key})

    def _named(self, webhooks: Sequence[Webhook]) -> list[Webhook]:
        """Return webhooks under the names that their bodies have for them: those that no two of them share."""
        names = [self._own_name(webhook) for webhook in webhooks]
        counts = Counter([*filter(None, names), *(webhook.name for webhook in webhooks)])
        return [
            replace(webhook, name=name, key=webhook.name) if name and counts[name] == 1 else webhook
            for webhook, name in zip(webhooks, names, strict=True)
        ]

    def _own_name(self, webhook: Webhook) -> str:
        """Return the only name of an event that a body may have, of several words; empty where there is none."""
        for name, schema in self._reader.shape(webhook.schema).members.items():
            node = self._reader.resolved(schema)
            listed = node.get("enum")
            value = node.get("const", listed[0] if isinstance(listed, list) and len(listed) == 1 else None)
            if is_type_name(name) and isinstance(value, str) and value != webhook.name and len(words_of(value)) > 1:
                return value
        return ""

    def mapped(self, webhook: Webhook) -> MappedWebhook:
        """Return a webhook with its resource."""
        name = EventName.of(webhook.name)
        places = [*self._places(webhook.schema)]
        by_schema = [place for place in places if place.resource]
        named = next((place for place in by_schema if name.noun in self._nouns[place.resource]), None)
        inner = next((place for place in by_schema if place.pointer and _is_for_any(place.pointer, name)), None)
        place = named or inner
        shown = {*(place.resource for place in by_schema)}
        if place is None:
            place = self._by_name(name, places) or (by_schema[0] if len(shown) == 1 else None)
        if place is None:
            reason = f"records of {' and '.join(sorted(shown))}, none of which its name says" if shown else ""
            return MappedWebhook(webhook, ending=name.ending, reason=reason or "no schema and no noun of a resource")
        where = place.pointer or "the body"
        of_schema = place.resource if place in by_schema else ""
        reason = (
            f"{where} is {place.shape.name or 'the schema'} of {of_schema}"
            if of_schema
            else f"the noun {' '.join(name.noun)!r}, with the record at {where}"
        )
        return MappedWebhook(webhook, place.resource, place.pointer, name.ending, reason=reason)

    def _settled(self, mapped: MappedWebhook, by_name: Mapping[str, MappedWebhook]) -> MappedWebhook:
        """Return a webhook with whether it happens by itself."""
        if not mapped.resource or not mapped.ending:
            return mapped
        if self._is_named(mapped):
            return replace(mapped, is_automatic=True)
        alike = [
            other
            for other in by_name.values()
            if other.resource == mapped.resource and other.ending == mapped.ending and self._is_named(other)
        ]
        # Of purchase.created, whose data is an order, nothing but the schema says that it is of orders. That the sender
        # of star.created is a user says nothing of users.
        name = EventName.of(mapped.webhook.name)
        is_only = not alike and name.has_marks and _is_for_any(mapped.place, name)
        return replace(mapped, is_automatic=is_only)

    def _is_named(self, mapped: MappedWebhook) -> bool:
        return EventName.of(mapped.webhook.name).noun in self._nouns[mapped.resource]

    def _places(self, schema: JSON) -> Iterator[RecordPlace]:
        """Yield where a record may stand in a body: the body, its members, and the members of these."""
        whole = self._reader.shape(schema)
        yield self._place("", whole)
        below: list[tuple[str, SchemaShape]] = []
        for name in sorted(whole.members, key=_rank):
            shape = self._reader.shape(whole.members[name])
            if shape.kind in ("object", "any"):
                yield self._place(pointer_of(name), shape)
                below.append((pointer_of(name), shape))
        for pointer, outer in below:
            if outer.name in self._by_schema:
                continue  # what is inside a record is another one
            for name in sorted(outer.members, key=_rank):
                shape = self._reader.shape(outer.members[name])
                if shape.kind in ("object", "any"):
                    yield self._place(pointer + pointer_of(name), shape)

    def _place(self, pointer: str, shape: SchemaShape) -> RecordPlace:
        names = [shape.name, *sorted(shape.branches)]
        return RecordPlace(
            pointer, shape, next((self._by_schema[name] for name in names if name in self._by_schema), "")
        )

    def _by_name(self, name: EventName, places: list[RecordPlace]) -> RecordPlace | None:
        """Return the place of a record of the resource that the name has as its noun."""
        resource = next((own for own, nouns in self._nouns.items() if name.noun in nouns), None)
        if resource is None:
            return None
        inner = [place for place in places if place.pointer and _is_for_any(place.pointer, name)]
        # /data/object rather than /data; but not /order/payload, which is inside of what has the noun as its name.
        named = [place for place in inner if noun_words(place.pointer.rpartition("/")[2]) == name.noun]
        deepest = max(named or inner, key=lambda place: place.pointer.count("/"), default=None)
        if deepest is not None:
            return replace(deepest, resource=resource)
        objects = [place for place in places if place.pointer and place.shape.kind == "object"]
        alone = objects[0] if len(objects) == 1 else places[0] if not objects else None
        return None if alone is None else replace(alone, resource=resource)


def _rank(name: str) -> int:
    return _PLACES.index(name) if name in _PLACES else len(_PLACES)


def _is_for_any(pointer: str, name: EventName) -> bool:
    """Tell whether the members of a pointer are such that have a record, or have its noun as their name."""
    return all(part in _PLACES or noun_words(part) == name.noun for part in pointer.split("/")[1:])


def _by_schema(model: ResourceModel) -> dict[str, str]:
    """Return the resources by the names of the schemas that show them: first those that show most, then their views."""
    by_schema = {resource.schema: name for name, resource in model.resources.items() if resource.schema}
    for name, resource in model.resources.items():
        for view in resource.views:
            if view.schema:
                by_schema.setdefault(view.schema, name)
    return by_schema


def _nouns(resource: InferredResource) -> frozenset[tuple[str, ...]]:
    """Return what a resource may be called, as words in the singular."""
    names = [noun_words(resource.name), noun_words(resource.name.rpartition("/")[2])]
    return frozenset([*names, noun_words(resource.schema), bare_words(resource.schema)]) - {()}
