-- stg_policies: policies by identity; of two names for the same weights the first in the alphabet stays
-- grain: policy_id
-- inputs: policies
-- materialized: view
-- parameters: none
-- invariants: one row per policy_id, so that a join by it never multiplies rows; `policy` tells policies apart
-- columns:
--   policy: name of the policy; where several of the lake have that name, followed by the beginning of its policy_id
--   name: what its recipe calls it, `name` in policies
--   model: folder or hub id that it was loaded from; a folder in the lake by its path in it, whatever the lake was called then
--   parent_id: policy_id that it was trained from, null for others
--   stage_id: stage that trained it, null for others
with named as (
    select
        policy_id,
        name,
        kind,
        model,
        nullif(parent_id, '') as parent_id,
        nullif(stage_id, '') as stage_id
    from policies
    qualify row_number() over (partition by policy_id order by kind, name, model, parent_id, stage_id) = 1
)

select
    policy_id,
    case when count(*) over (partition by name) = 1 then name else name || ' ' || left(policy_id, 8) end as policy,
    name,
    kind,
    case when kind = 'stage' then regexp_replace(model, '^.*/(stages/[^/]+/policy)$', '\1') else model end as model,
    parent_id,
    stage_id
from named
