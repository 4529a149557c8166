-- stg_curated: the problems of every curated set
-- grain: set_id x stage x problem_id
-- inputs: curated
-- materialized: view
-- parameters: none
-- invariants: sql/checks/curated_are_unique
select
    set_id,
    stage,
    problem_id,
    dataset,
    band,
    accuracy::double as accuracy,
    p_mean::double as p_mean,
    p_low::double as p_low,
    p_high::double as p_high,
    rule,
    rank::bigint as rank,
    coalesce(weight, 1)::double as weight
from curated
