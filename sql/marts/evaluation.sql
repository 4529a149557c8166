-- evaluation: avg@k of every policy on held-out problems, and its gain over the base policy
-- grain: evaluation_id x policy_id x hints x dataset x split; dataset and split 'all' is over all problems, each counting once
-- inputs: stg_evaluations, parameters
-- parameters: parameters.z (confidence of the intervals)
-- intervals come from the spread between problems, since samples of one problem are not independent (clustered by problem);
-- the difference is paired: each problem against itself under the policy named `base` without hints, null for that policy's own row
with evaluations as (
    select * from stg_evaluations
),

base as (
    select * from evaluations where policy = 'base' and not hints
),

paired as (
    select
        evaluations.*,
        case when evaluations.policy = 'base' and not evaluations.hints then null else evaluations.accuracy - base.accuracy end as difference
    from evaluations
    left join base using (evaluation_id, dataset, split, problem_id)
)

select
    evaluation_id,
    policy_id,
    policy,
    hints,
    coalesce(dataset, 'all') as dataset,
    coalesce(split, 'all') as split,
    count(accuracy) as problems,
    count(*) - count(accuracy) as unmeasured,
    sum(n)::bigint as samples,
    avg(accuracy) as accuracy,
    greatest(avg(accuracy) - mean_margin(accuracy, any_value(z)), 0) as accuracy_low,
    least(avg(accuracy) + mean_margin(accuracy, any_value(z)), 1) as accuracy_high,
    avg((k > 0)::int) filter (where n > 0) as solved_share,
    count(difference) as paired_problems,
    avg(difference) as difference,
    avg(difference) - mean_margin(difference, any_value(z)) as difference_low,
    avg(difference) + mean_margin(difference, any_value(z)) as difference_high
from paired
cross join parameters
group by grouping sets ((evaluation_id, policy_id, policy, hints, dataset, split), (evaluation_id, policy_id, policy, hints))
order by evaluation_id, policy, policy_id, hints, grouping(dataset), dataset, split
