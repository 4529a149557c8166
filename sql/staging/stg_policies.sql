-- stg_policies: policies by identity; of two names for the same weights the first in the alphabet stays
-- grain: policy_id
-- inputs: policies
-- parameters: none
-- invariants: one row per policy_id, so that a join by it never multiplies rows
-- columns:
--   model: folder or hub id that it was loaded from; a folder in the lake by its path in it, whatever the lake was called then
--   policy: name of the policy, `name` in policies
--   parent_id: policy_id that it was trained from, null for others
--   stage_id: stage that trained it, null for others
select
    policy_id,
    name as policy,
    kind,
    case when kind = 'stage' then regexp_replace(model, '^.*/(stages/[^/]+/policy)$', '\1') else model end as model,
    nullif(parent_id, '') as parent_id,
    nullif(stage_id, '') as stage_id
from policies
qualify row_number() over (partition by policy_id order by kind, name, model, parent_id, stage_id) = 1
