-- stg_rollouts: sampled responses, with whether they were cut off and whether the prompt carried a hint
-- grain: problem_id x policy_id x sampling_id x round x sample
-- inputs: rollouts
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: sql/checks/rollouts_are_unique
-- columns:
--   is_cut_off: whether the token limit ended it
--   hint: band whose hint the prompt carried, null without one
select
    problem_id,
    policy_id,
    sampling_id,
    round::bigint as round,
    sample::bigint as sample,
    response,
    n_tokens::bigint as n_tokens,
    finish_reason,
    finish_reason = 'length' as is_cut_off,
    nullif(hint, '') as hint
from rollouts
