"""What Schemathesis is told of the document beyond what stands in it (`schemathesis.toml` beside this file)."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """A link's body is a whole one, as OpenAPI has it; Schemathesis would stir it into one that it made up."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                for link in answer.get("links", {}).values():
                    link["x-schemathesis"] = {"merge_body": False}
