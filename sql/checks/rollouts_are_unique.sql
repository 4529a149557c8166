-- rollouts_are_unique: a response was stored once
-- grain: 64 rounds of a problem of which some response has more than one row
-- inputs: rollout_lengths
-- local by: problem_id
-- parameters: none
select
    problem_id,
    policy_id,
    sampling_id,
    64 * block as first_round,
    sample,
    (sum(rollouts) - bit_count(bit_or(drawn)))::bigint as too_many
from rollout_lengths
group by problem_id, policy_id, sampling_id, block, sample
having sum(rollouts) <> bit_count(bit_or(drawn))
