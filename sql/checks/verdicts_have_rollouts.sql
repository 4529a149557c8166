-- verdicts_have_rollouts: what was graded is there to be read
-- grain: 64 rounds of a problem of which some verdict has no rollout
-- inputs: verdict_outcomes, rollout_lengths
-- local by: problem_id
-- parameters: none
with stored as (
    select problem_id, policy_id, sampling_id, sample, block, bit_or(drawn) as drawn
    from rollout_lengths
    group by all
)

select
    problem_id,
    policy_id,
    sampling_id,
    64 * block as first_round,
    sample,
    grader_id,
    bit_count(outcomes.drawn & ~coalesce(stored.drawn, 0::ubigint)) as without_rollout
from verdict_outcomes as outcomes
left join stored using (problem_id, policy_id, sampling_id, sample, block)
where (outcomes.drawn & ~coalesce(stored.drawn, 0::ubigint)) <> 0
