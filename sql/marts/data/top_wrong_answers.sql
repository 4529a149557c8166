-- top_wrong_answers: the wrong answer that was given most often to each problem
-- grain: problem_id x gold_id x policy_id x sampling_id x grader_id
-- inputs: answer_votes
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: of answers given equally often, the first in the alphabet stands
-- columns:
--   voted: the wrong answer, as it was read in the responses
--   votes: responses that gave it [samples]
with counted as (
    select problem_id, gold_id, policy_id, sampling_id, grader_id, voted, sum(votes)::bigint as votes
    from answer_votes
    group by all
)

select *
from counted
qualify row_number() over (partition by problem_id, gold_id, policy_id, sampling_id, grader_id order by votes desc, voted) = 1
order by problem_id, gold_id, policy_id, sampling_id, grader_id
