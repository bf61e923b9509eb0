"""What a first script with OpenAI's SDK does: files, assistants and vector stores made, found, paged through, deleted.

It has the server's address as its argument, and prints what came of each step as one JSON object.
"""

import json
import sys
from collections.abc import Callable

import openai  # type: ignore[import-not-found,unused-ignore]

client = openai.OpenAI(api_key="sk-script", base_url=sys.argv[1], max_retries=0)
COUNT = 25
PAGE = 10


def missing(read: Callable[[str], object], key: str) -> str:
    """The name of the error that a read raises."""
    try:
        read(key)
    except openai.NotFoundError as error:
        return f"{type(error).__name__} {error.status_code}"
    return "none"


seeds = [file.id for file in client.files.list(limit=PAGE)]
files = [
    client.files.create(file=(f"notes-{number}.txt", b"Polar bears are white.\n" * (number + 1)), purpose="assistants")
    for number in range(COUNT)
]
first = files[0]
read = client.files.retrieve(first.id)
listed = [file.id for file in client.files.list(limit=PAGE)]
page = client.files.list(limit=PAGE)
following = client.files.list(limit=PAGE, after=page.data[-1].id)
orders = [[file.id for file in client.files.list(limit=PAGE, order=order)] for order in ("asc", "desc")]

store = client.vector_stores.create(name="Notes", metadata={"team": "red"})
renamed = client.vector_stores.update(store.id, name="Bears")
kept = client.vector_stores.retrieve(store.id)
client.vector_stores.files.create(store.id, file_id=first.id)
attached = client.vector_stores.files.retrieve(first.id, vector_store_id=store.id)
in_store = [file.id for file in client.vector_stores.files.list(store.id)]

assistants = [client.beta.assistants.create(model="gpt-5.1", name=f"Assistant {number}") for number in range(12)]
assistant = client.beta.assistants.update(assistants[0].id, name="Ada", instructions="Be brief.")
assistant = client.beta.assistants.retrieve(assistant.id)
listed_assistants = [found.id for found in client.beta.assistants.list(limit=5)]

removed = client.files.delete(first.id)
removed_store = client.vector_stores.delete(store.id)
removed_assistant = client.beta.assistants.delete(assistant.id)

print(
    json.dumps(
        {
            "created": [first.filename, first.purpose, first.bytes, first.object],
            "read": [read.filename, read.purpose, read.id == first.id],
            "listed_once": len(listed) == len(set(listed)),
            "listed_all": {*listed} == {*seeds, *(file.id for file in files)},
            "pages": [len(page.data), page.has_more, len(following.data)],
            "pages_overlap": bool({file.id for file in page.data} & {file.id for file in following.data}),
            "orders": orders[0] == orders[1][::-1],
            "other_purpose": len(client.files.list(purpose="vision").data),
            "store": [store.name, renamed.name, kept.name, kept.metadata],
            "store_files": [attached.id == first.id, attached.vector_store_id == store.id, first.id in in_store],
            "assistant": [assistant.name, assistant.instructions, assistant.model],
            "assistants_once": len(listed_assistants) == len(set(listed_assistants)),
            "assistants_all": {found.id for found in assistants} <= {*listed_assistants},
            "deleted": [removed.deleted, removed.id == first.id],
            "deleted_store": [removed_store.deleted, removed_store.id == store.id],
            "deleted_assistant": [removed_assistant.deleted, removed_assistant.id == assistant.id],
            "after": missing(client.files.retrieve, first.id),
            "after_store": missing(client.vector_stores.retrieve, store.id),
            "after_assistant": missing(client.beta.assistants.retrieve, assistant.id),
            "after_in_list": first.id in [file.id for file in client.files.list(limit=PAGE)],
        }
    )
)
