-- difficulty_drift: how a problem's accuracy moved from a policy to one trained from it, directly or over several stages
-- grain: problem_id x gold_id x dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: policy_pairs, later_outcomes, stg_policies
-- materialized: table
-- parameters: none
-- invariants: both policies answered; the later one descends from the earlier
-- moved is 'up' or 'down' only where a policy that has not changed would show as much in at most 1 - confidence (5%) of problems. A problem
-- that scored low is expected to score higher by chance alone: compare later_accuracy with expected, not with accuracy
-- columns:
--   later_policy_id: a policy trained from policy_id, directly or over several stages
--   later_accuracy: accuracy under the later policy [share]
--   difference: later_accuracy - accuracy [share]
--   expected: accuracy that an unchanged policy is expected to show later, null where the counts fix no prior [share]
--   later_band: band under the later policy
--   p_value: chance that an unchanged policy lies as far from expected, or farther, on either side [share]
--   moved: up or down where p_value is at most 1 - confidence of the settings, else unclear
with recursive lineage as (
    select parent_id as policy_id, policy_id as later_policy_id
    from stg_policies
    where parent_id is not null
    union
    select parents.parent_id, lineage.later_policy_id
    from lineage
    inner join stg_policies as parents on lineage.policy_id = parents.policy_id
    where parents.parent_id is not null
)

select
    problem_id,
    gold_id,
    dataset,
    split,
    sampling_id,
    grader_id,
    policy_id,
    later_policy_id,
    accuracy,
    later_accuracy,
    later_accuracy - accuracy as difference,
    later_outcomes.expected,
    band,
    later_band,
    later_outcomes.p_value,
    coalesce(later_outcomes.moved, 'unclear') as moved
from lineage
inner join policy_pairs using (policy_id, later_policy_id)
left join later_outcomes using (dataset, split, policy_id, sampling_id, grader_id, k, n, later_k, later_n)
order by all
