-- stg_metadata: every field of a problem's metadata, but those that are objects or lists
-- grain: problem_id x gold_id x dataset x split x field
-- inputs: stg_problems
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: a field that holds a double quote, which no path can name, is left out, and so are `gold_text`, of which no two are alike, and
-- `version_of`, which repeats another field
-- columns:
--   field: name of the field
--   value: what it says, as text
with keyed as (
    select problem_id, gold_id, dataset, split, try_cast(metadata as json) as held, unnest(json_keys(try_cast(metadata as json))) as field
    from stg_problems
    where metadata <> '{}'
),

fields as (
    select *, '$."' || field || '"' as path
    from keyed
    where not contains(field, '"') and field not in ('gold_text', 'version_of')
)

select problem_id, gold_id, dataset, split, field, json_extract_string(held, path) as value
from fields
where json_type(held, path) not in ('OBJECT', 'ARRAY', 'NULL')
