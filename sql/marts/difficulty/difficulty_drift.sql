-- difficulty_drift: how a problem's accuracy moved from a policy to one trained from it, directly or over several stages
-- grain: problem_id x gold_id x dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: policy_pairs, stg_policies
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: both policies answered; the later one descends from the earlier
-- moved is 'up' or 'down' only where the two intervals do not overlap
-- columns:
--   later_policy_id: a policy trained from policy_id, directly or over several stages
--   later_accuracy: accuracy under the later policy [share]
--   difference: later_accuracy - accuracy [share]
--   later_band: band under the later policy
--   moved: up or down where the two intervals lie apart, else unclear
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
    band,
    later_band,
    case
        when later_accuracy_low > accuracy_high then 'up'
        when later_accuracy_high < accuracy_low then 'down'
        else 'unclear'
    end as moved
from lineage
inner join policy_pairs using (policy_id, later_policy_id)
order by all
