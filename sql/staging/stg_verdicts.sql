-- stg_verdicts: verdicts with what they count as
-- grain: problem_id x policy_id x sampling_id x round x sample x grader_id x gold_id
-- inputs: verdicts
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: is_correct only where is_scored
-- a timeout or an unscorable gold answer says nothing about the policy: neither is scored
-- columns:
--   extracted: the answer as it was read in the response, null where none was
--   is_correct: whether the verdict is correct
--   is_scored: whether it counts in an accuracy: correct, incorrect or unparseable
select
    problem_id,
    policy_id,
    sampling_id,
    round::bigint as round,
    sample::bigint as sample,
    grader_id,
    gold_id,
    verdict,
    nullif(extracted, '') as extracted,
    format_ok,
    verdict = 'correct' as is_correct,
    verdict in ('correct', 'incorrect', 'unparseable') as is_scored
from verdicts
