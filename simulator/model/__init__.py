"""A site's data: people, content, permissions, properties, keys, quota."""
