-- policy_drift: what changed from one policy to another, over the problems that both answered: gained, lost, and by how much
-- grain: dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: policy_pairs, stg_policies, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals)
-- invariants: each pair is there both ways round, what one way gains the other loses
-- the difference is paired, each problem against itself; its interval comes from the spread between problems
-- columns:
--   policy: name of the first policy
--   later_policy_id: the second policy
--   later_policy: name of the second policy
--   problems: problems that both answered [problems]
--   accuracy: mean accuracy under the first policy [share]
--   later_accuracy: mean accuracy under the second [share]
--   difference: later_accuracy - accuracy [share]
--   difference_low: lower end of its interval [share]
--   difference_high: upper end of its interval [share]
--   up: problems whose two intervals lie apart, the later one above [problems]
--   down: problems whose two intervals lie apart, the later one below [problems]
--   never: problems that the first policy never solved [problems]
--   gained: of these, those that the second solved at least once [problems]
--   gained_share: gained / never, null without such problems [share]
--   gained_low: lower end of Wilson's interval of the gained share [share]
--   gained_high: upper end of it [share]
--   solved: problems that the first policy solved at least once [problems]
--   lost: of these, those that the second never solved [problems]
--   lost_share: lost / solved, null without such problems [share]
--   lost_low: lower end of Wilson's interval of the lost share [share]
--   lost_high: upper end of it [share]
with drift as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        count(*) as problems,
        avg(accuracy) as accuracy,
        avg(later_accuracy) as later_accuracy,
        mean_margin(later_accuracy - accuracy, any_value(z)) as margin,
        count(*) filter (where later_accuracy_low > accuracy_high) as up,
        count(*) filter (where later_accuracy_high < accuracy_low) as down,
        count(*) filter (where k = 0) as never,
        count(*) filter (where k = 0 and later_k > 0) as gained,
        count(*) filter (where k > 0 and later_k = 0) as lost
    from policy_pairs
    cross join parameters
    group by all
)

select
    drift.dataset,
    drift.split,
    drift.sampling_id,
    drift.grader_id,
    drift.policy_id,
    earlier.policy,
    drift.later_policy_id,
    later.policy as later_policy,
    drift.problems,
    drift.accuracy,
    drift.later_accuracy,
    drift.later_accuracy - drift.accuracy as difference,
    drift.later_accuracy - drift.accuracy - drift.margin as difference_low,
    drift.later_accuracy - drift.accuracy + drift.margin as difference_high,
    drift.up,
    drift.down,
    drift.never,
    drift.gained,
    drift.gained / nullif(drift.never, 0) as gained_share,
    wilson_low(drift.gained, drift.never, z) as gained_low,
    wilson_high(drift.gained, drift.never, z) as gained_high,
    drift.problems - drift.never as solved,
    drift.lost,
    drift.lost / nullif(drift.problems - drift.never, 0) as lost_share,
    wilson_low(drift.lost, drift.problems - drift.never, z) as lost_low,
    wilson_high(drift.lost, drift.problems - drift.never, z) as lost_high
from drift
cross join parameters
left join stg_policies as earlier on drift.policy_id = earlier.policy_id
left join stg_policies as later on drift.later_policy_id = later.policy_id
order by all
