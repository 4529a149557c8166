"""YAML as people write it: a key that stands twice in one place is an error there, where YAML would keep the last in silence."""

from typing import Any

import yaml

MERGE = "tag:yaml.org,2002:merge"


class Once(yaml.SafeLoader):
    """Reads YAML in which no mapping has a key twice; keys that `<<` brings in give way to the mapping's own, as ever."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        known: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                if (key.tag, key.value) in known:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                known.add((key.tag, key.value))
        return node


def read_yaml(text: str) -> Any:
    """What a YAML text holds. Raises yaml.YAMLError, with line and column, for what is not YAML, and for a key that stands twice."""
    return yaml.load(text, Loader=Once)  # a SafeLoader
