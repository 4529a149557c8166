-- stg_evaluations: held-out results, with each problem's accuracy (null where no sample could be scored)
-- grain: evaluation_id x policy_id x hints x dataset x split x problem_id
-- inputs: evaluations
-- materialized: view
-- parameters: none
-- invariants: sql/checks/evaluations_are_unique, evaluations_add_up
-- columns:
--   cluster: what the problem is a version of, as the source's `columns.cluster` says; without one the problem itself
--   accuracy: k / n, null where nothing counts [share]
select
    evaluation_id,
    policy_id,
    policy,
    hints,
    dataset,
    split,
    problem_id,
    coalesce(nullif(cluster, ''), problem_id) as cluster,
    n::bigint as n,
    k::bigint as k,
    k / nullif(n, 0) as accuracy
from evaluations
