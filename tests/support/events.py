"""What tests of events share."""

from tests.support.rest import Person, Rest
from tests.support.values import Json


def new_poll(question: object = "Well?", *options: str, **fields: object) -> Json:
    """A poll as a body of an event has it."""
    texts = options or ("Yes", "No")
    return {"question": question, "options": [{"option_text": text} for text in texts], **fields}


async def event_of(rest: Rest, host: Person, title: str = "Show", *polls: Json, **fields: object) -> Json:
    """A new event of `host`."""
    answer = await rest("POST", "/events/", host, json={"title": title, "polls": list(polls), **fields})
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created
