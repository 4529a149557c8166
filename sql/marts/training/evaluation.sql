-- evaluation: avg@k of every policy on held-out problems, and its gain over the base policy
-- grain: evaluation_id x policy_id x hints x dataset x split; dataset and split 'all' is over all problems, each counting once
-- inputs: stg_evaluations, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals)
-- invariants: the problems of the datasets add up to `all`; accuracy lies in its interval
-- intervals are those of the macro mean_interval: from the spread between problems, since samples of one problem are not independent, or
-- between clusters of problems that are versions of one; they cover what other problems of the kind would give, asked of the same policies;
-- the difference is paired: each problem against itself under the policy named `base` without hints, null for that policy's own row
-- columns:
--   dataset: dataset, or `all`
--   split: split, or `all`
--   problems: problems with a sample that counts [problems]
--   unmeasured: problems without one [problems]
--   clusters: clusters of the problems that are versions of one, each other problem one by itself [clusters]
--   interval_between: what its intervals are between: problems, or clusters, and then by Student's t; `one cluster` has no interval [text]
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
),

clusters as (
    select
        evaluation_id, policy_id, policy, hints, dataset, split, cluster,
        count(*) as rows,
        count(accuracy) as problems,
        sum(n) as samples,
        sum(accuracy) as accuracy,
        count(*) filter (where n > 0 and k > 0) as solved,
        count(difference) as paired,
        sum(difference) as difference
    from paired
    group by all
)

select
    evaluation_id,
    policy_id,
    policy,
    hints,
    coalesce(dataset, 'all') as dataset,
    coalesce(split, 'all') as split,
    sum(problems)::bigint as problems,
    sum(rows - problems)::bigint as unmeasured,
    count(*) filter (where problems > 0) as clusters,
    mean_between(problems, 1) as interval_between,
    sum(samples)::bigint as samples,
    sum(accuracy) / nullif(sum(problems), 0) as accuracy,
    mean_low(accuracy, problems, 1, 0, any_value(z)) as accuracy_low,
    mean_high(accuracy, problems, 1, 0, any_value(z)) as accuracy_high,
    sum(solved) / nullif(sum(problems), 0) as solved_share,
    sum(paired)::bigint as paired_problems,
    sum(difference) / nullif(sum(paired), 0) as difference,
    mean_low(difference, paired, 1, -1, any_value(z)) as difference_low,
    mean_high(difference, paired, 1, -1, any_value(z)) as difference_high
from clusters
cross join parameters
group by grouping sets ((evaluation_id, policy_id, policy, hints, dataset, split), (evaluation_id, policy_id, policy, hints))
order by evaluation_id, policy, policy_id, hints, grouping(dataset), dataset, split
