"""The front end's types of `/api/v1` are the server's."""

from __future__ import annotations

from dev.api_types import TARGET, declared, types


def test_the_types_are_those_of_the_document() -> None:
    """Run `bin/api-types` after a shape of the API changed."""
    assert TARGET.read_text(encoding="utf-8") == types()


def test_each_kind_of_shape_has_its_type() -> None:
    schema = {
        "description": "One.",
        "properties": {
            "a": {"type": "array", "items": {"enum": ["x", "y"]}},
            "b.c": {"anyOf": [{"$ref": "#/components/schemas/Two"}, {"type": "null"}]},
            "d": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "required": ["a"],
        "additionalProperties": True,
    }
    assert declared("One", schema) == (
        "\n/** One. */\nexport interface One {\n"
        '  readonly a: readonly ("x" | "y")[];\n'
        '  readonly "b.c"?: Two | null;\n'
        "  readonly d?: Readonly<Record<string, number>>;\n"
        "  readonly [more: string]: unknown;\n}\n"
    )
