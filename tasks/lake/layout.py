"""Names that all parts of a lake agree on."""

MANIFEST = "manifest.json"
PROGRESS = ".progress.json"
ASIDE = "aside"
WAREHOUSE = "warehouse.duckdb"
EMPTY = "_schema"
QUARANTINE = "quarantine"
