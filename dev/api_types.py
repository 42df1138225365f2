"""TypeScript types of `/api/v1` from its OpenAPI document, for `frontend/src/api/schema.ts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from lockpoint.web.api import openapi

TARGET: Final = Path(__file__).parents[1] / "frontend" / "src" / "api" / "schema.ts"
_HEAD: Final = "/** The shapes of `/api/v1`, written by `bin/api-types` from the server's OpenAPI document. */\n"
_PLAIN: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_OURS: Final = "DocumentModel"  # the document itself

Schema = dict[str, Any]


def types() -> str:
    """Return the module's text."""
    schemas: dict[str, Schema] = json.loads(openapi.document())["components"]["schemas"]
    return _HEAD + "".join(declared(name, schemas[name]) for name in sorted(schemas) if name != _OURS)


def declared(name: str, schema: Schema) -> str:
    comment = f"\n/** {schema['description']} */" if "description" in schema else ""
    if "properties" not in schema:
        return f"{comment}\nexport type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    members = [f"  readonly {_key(key, required)}: {_type(value)};" for key, value in schema["properties"].items()]
    if schema.get("additionalProperties") is True:
        members.append("  readonly [more: string]: unknown;")
    return "\n".join((f"{comment}\nexport interface {name} {{", *members, "}\n"))


def _key(name: str, required: set[str]) -> str:
    shown = name if name.isidentifier() else json.dumps(name)
    return shown if name in required else f"{shown}?"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        item = _type(schema.get("items", {}))
        return f"readonly ({item})[]" if "|" in item else f"readonly {item}[]"
    if kind == "object":
        more = schema.get("additionalProperties", True)
        return f"Readonly<Record<string, {_type(more) if isinstance(more, dict) else 'unknown'}>>"
    return _PLAIN.get(str(kind), "unknown")


if __name__ == "__main__":
    TARGET.write_text(types(), encoding="utf-8")
