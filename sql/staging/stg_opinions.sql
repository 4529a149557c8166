-- stg_opinions: what a judge said of the responses that it was asked about, and whether that changed their verdict
-- grain: problem_id x policy_id x sampling_id x round x sample x grader_id x gold_id
-- inputs: opinions
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: changed only where the judge decided
-- a shard of verdicts that was lost and judged anew may have its opinions twice, which are then the same
-- columns:
--   changed: whether the verdict is another one than before the judge was asked
select distinct
    problem_id,
    policy_id,
    sampling_id,
    round::bigint as round,
    sample::bigint as sample,
    grader_id,
    gold_id,
    first_verdict,
    first_rule,
    judge_said,
    accepts,
    decided_by,
    accepts is not null and (accepts or first_verdict = 'timeout') as changed
from opinions
