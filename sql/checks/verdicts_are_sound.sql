-- verdicts_are_sound: a rollout has at most one verdict per grader and gold answer, and it is one of the five, so that it counts somewhere
-- grain: 64 rounds of a problem of which some rollout has more than one verdict, or one that is not known
-- inputs: verdict_outcomes
-- local by: problem_id
-- parameters: none
select
    problem_id,
    policy_id,
    sampling_id,
    64 * block as first_round,
    sample,
    grader_id,
    gold_id,
    (sum(verdicts) - bit_count(bit_or(drawn)))::bigint as too_many_or_unknown
from verdict_outcomes
group by problem_id, policy_id, sampling_id, block, sample, grader_id, gold_id
having sum(verdicts) <> bit_count(bit_or(drawn))
