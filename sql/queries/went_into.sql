-- went_into: all that was made of a thing, step by step
-- grain: kind x id x from_kind x from_id
-- inputs: lineage
-- parameters: $id of the thing
with recursive forward as (
    select kind, id, from_kind, from_id, 1 as depth
    from lineage
    where from_id = $id
    union
    select lineage.kind, lineage.id, lineage.from_kind, lineage.from_id, forward.depth + 1
    from lineage
    inner join forward on lineage.from_kind = forward.kind and lineage.from_id = forward.id
    where forward.depth < 40
)

select distinct kind, id, from_kind, from_id
from forward
order by all
