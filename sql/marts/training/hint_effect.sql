-- hint_effect: what hints change, each problem against itself without them
-- grain: evaluation_id x policy_id x dataset x split; dataset and split 'all' is over all problems
-- inputs: stg_evaluations, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the interval)
-- invariants: effect = accuracy_on - accuracy_off
-- the interval is that of the macro mean_interval, clustered as in `evaluation`
-- columns:
--   dataset: dataset, or `all`
--   split: split, or `all`
--   problems: problems that were answered with and without a hint [problems]
--   clusters: clusters of them that are versions of one, each other problem one by itself [clusters]
--   interval_between: what the interval is between: problems, or clusters, and then by Student's t; `one cluster` has no interval [text]
--   accuracy_off: their mean accuracy without hints [share]
--   accuracy_on: their mean accuracy with hints [share]
--   effect: mean difference, problem by problem [share]
--   effect_low: lower end of its interval [share]
--   effect_high: upper end of its interval [share]
with paired as (
    select
        hinted.evaluation_id,
        hinted.policy_id,
        hinted.policy,
        hinted.dataset,
        hinted.split,
        hinted.cluster,
        plain.accuracy as accuracy_off,
        hinted.accuracy as accuracy_on,
        hinted.accuracy - plain.accuracy as effect
    from stg_evaluations as hinted
    inner join stg_evaluations as plain using (evaluation_id, policy_id, policy, dataset, split, problem_id)
    where hinted.hints and not plain.hints and hinted.n > 0 and plain.n > 0
),

clusters as (
    select
        evaluation_id, policy_id, policy, dataset, split, cluster,
        count(*) as problems,
        sum(accuracy_off) as accuracy_off,
        sum(accuracy_on) as accuracy_on,
        sum(effect) as effect
    from paired
    group by all
)

select
    evaluation_id,
    policy_id,
    policy,
    coalesce(dataset, 'all') as dataset,
    coalesce(split, 'all') as split,
    sum(problems)::bigint as problems,
    count(*) as clusters,
    mean_between(problems, 1) as interval_between,
    sum(accuracy_off) / sum(problems) as accuracy_off,
    sum(accuracy_on) / sum(problems) as accuracy_on,
    sum(effect) / sum(problems) as effect,
    mean_low(effect, problems, 1, -1, any_value(z)) as effect_low,
    mean_high(effect, problems, 1, -1, any_value(z)) as effect_high
from clusters
cross join parameters
group by grouping sets ((evaluation_id, policy_id, policy, dataset, split), (evaluation_id, policy_id, policy))
order by evaluation_id, policy, policy_id, grouping(dataset), dataset, split
