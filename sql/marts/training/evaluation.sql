-- evaluation: avg@k of every policy on held-out problems, and its gain over the base policy
-- grain: evaluation_id x policy_id x hints x dataset x split; dataset and split 'all' is over all problems, each counting once
-- inputs: stg_evaluations, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals)
-- invariants: the problems of the datasets add up to `all`; accuracy lies in its interval
-- intervals come from the spread between problems, since samples of one problem are not independent (clustered by problem);
-- the difference is paired: each problem against itself under the policy named `base` without hints, null for that policy's own row
-- columns:
--   dataset: dataset, or `all`
--   split: split, or `all`
--   problems: problems with a sample that counts [problems]
--   unmeasured: problems without one [problems]
--   samples: samples that count [samples]
--   accuracy: mean over the problems of the share of right samples (avg@k) [share]
--   accuracy_low: lower end of its interval [share]
--   accuracy_high: upper end of its interval [share]
--   solved_share: problems with at least one right sample (pass@k with all samples) [share]
--   paired_problems: problems that can be compared with the base policy [problems]
--   difference: mean difference to the base policy without hints, problem by problem; null for its own row [share]
--   difference_low: lower end of its interval [share]
--   difference_high: upper end of its interval [share]
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
