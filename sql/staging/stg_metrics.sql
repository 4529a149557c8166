-- stg_metrics: what training logged
-- grain: stage_id x step x name
-- inputs: metrics
-- materialized: view
-- parameters: none
-- invariants: none
select
    stage_id,
    step::bigint as step,
    name,
    value::double as value
from metrics
