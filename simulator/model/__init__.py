"""A Confluence site as plain values: people, content, permissions, properties, keys, quota."""
