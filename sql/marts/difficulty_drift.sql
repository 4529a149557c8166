-- difficulty_drift: how a problem's accuracy moved from a policy to one trained from it, directly or over several stages
-- grain: problem_id x gold_id x dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: difficulty, stg_policies
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
    earlier.problem_id,
    earlier.gold_id,
    earlier.dataset,
    earlier.split,
    earlier.sampling_id,
    earlier.grader_id,
    earlier.policy_id,
    later.policy_id as later_policy_id,
    earlier.accuracy,
    later.accuracy as later_accuracy,
    later.accuracy - earlier.accuracy as difference,
    earlier.band,
    later.band as later_band,
    case
        when later.accuracy_low > earlier.accuracy_high then 'up'
        when later.accuracy_high < earlier.accuracy_low then 'down'
        else 'unclear'
    end as moved
from lineage
inner join difficulty as earlier on lineage.policy_id = earlier.policy_id
inner join difficulty as later
    on lineage.later_policy_id = later.policy_id
    and earlier.problem_id = later.problem_id
    and earlier.gold_id = later.gold_id
    and earlier.dataset = later.dataset
    and earlier.split = later.split
    and earlier.sampling_id = later.sampling_id
    and earlier.grader_id = later.grader_id
where earlier.n > 0 and later.n > 0
order by all
