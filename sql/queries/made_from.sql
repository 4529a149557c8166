-- made_from: all that a thing was made from, step by step
-- grain: kind x id x from_kind x from_id
-- inputs: lineage
-- parameters: $id of the thing
with recursive back as (
    select kind, id, from_kind, from_id, 1 as depth
    from lineage
    where id = $id
    union
    select lineage.kind, lineage.id, lineage.from_kind, lineage.from_id, back.depth + 1
    from lineage
    inner join back on lineage.kind = back.from_kind and lineage.id = back.from_id
    where back.depth < 40
)

select distinct kind, id, from_kind, from_id
from back
order by all
