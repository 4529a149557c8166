-- contamination_gain: whether a policy gains more on held-out problems that are, exactly or nearly, among those trained on than on the others
-- grain: evaluation_id x policy_id x hints
-- inputs: stg_evaluations, contamination, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals)
-- invariants: near_problems + far_problems are those that can be compared with the base policy
-- gains over the policy named `base` without hints are compared, not accuracies: near problems may have been easier, or harder, before
-- the intervals are those of the macro mean_interval, that of the difference squares and adds their halves (R. Newcombe, 1998, method 10);
-- problems that had more room to improve may gain more, trained on or not, so a difference is a reason to look, and no proof
-- columns:
--   near_problems: held-out problems with an exact or near match among those trained on [problems]
--   near_gain: mean difference to the base policy on them, problem by problem; null without any [share]
--   near_low: lower end of its interval [share]
--   near_high: upper end of it [share]
--   far_problems: the other held-out problems [problems]
--   far_gain: mean difference to the base policy on them; null without any [share]
--   far_low: lower end of its interval [share]
--   far_high: upper end of it [share]
--   excess: near_gain - far_gain: what the match may have given [share]
--   excess_low: lower end of its interval [share]
--   excess_high: upper end of it [share]
with evaluations as (
    select * from stg_evaluations
),

copies as (
    select distinct problem_id, dataset, split
    from contamination
    where kind in ('exact', 'near')
),

base as (
    select * from evaluations where policy = 'base' and not hints
),

gains as (
    select
        evaluations.evaluation_id,
        evaluations.policy_id,
        evaluations.policy,
        evaluations.hints,
        evaluations.dataset,
        evaluations.split,
        evaluations.cluster,
        copies.problem_id is not null as is_near,
        evaluations.accuracy - base.accuracy as gain
    from evaluations
    inner join base using (evaluation_id, dataset, split, problem_id)
    left join copies using (problem_id, dataset, split)
    where (evaluations.policy <> 'base' or evaluations.hints) and evaluations.n > 0 and base.n > 0
),

clusters as (
    select
        evaluation_id, policy_id, policy, hints, dataset, split, cluster, is_near,
        count(*) as problems,
        sum(gain) as gain
    from gains
    group by all
),

summed as (
    select
        evaluation_id, policy_id, policy, hints, is_near,
        sum(problems)::bigint as problems,
        sum(gain) / sum(problems) as gain,
        mean_low(gain, problems, 1, -1, any_value(z)) as low,
        mean_high(gain, problems, 1, -1, any_value(z)) as high
    from clusters
    cross join parameters
    group by all
),

beside as (
    select
        evaluation_id, policy_id, policy, hints,
        coalesce(max(problems) filter (where is_near), 0) as near_problems,
        max(gain) filter (where is_near) as near_gain,
        max(low) filter (where is_near) as near_low,
        max(high) filter (where is_near) as near_high,
        coalesce(max(problems) filter (where not is_near), 0) as far_problems,
        max(gain) filter (where not is_near) as far_gain,
        max(low) filter (where not is_near) as far_low,
        max(high) filter (where not is_near) as far_high
    from summed
    group by all
)

select
    *,
    near_gain - far_gain as excess,
    near_gain - far_gain - sqrt((near_gain - near_low) ** 2 + (far_high - far_gain) ** 2) as excess_low,
    near_gain - far_gain + sqrt((near_high - near_gain) ** 2 + (far_gain - far_low) ** 2) as excess_high
from beside
order by evaluation_id, policy, policy_id, hints
