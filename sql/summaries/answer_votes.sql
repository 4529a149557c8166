-- answer_votes: how often each wrong answer was given to a problem
-- grain: problem_id x gold_id x policy_id x sampling_id x grader_id x voted
-- inputs: stg_verdicts
-- materialized: view
-- parameters: none
-- a key may have several rows, of several parts of the lake: read it with the aggregates that merge it
-- merged by: sum(votes)
-- invariants: votes > 0
-- columns:
--   problem_id: problem that was answered
--   gold_id: digest of the gold answer that the responses missed
--   policy_id: policy that answered
--   sampling_id: way of sampling
--   grader_id: the grader's version
--   voted: the wrong answer, as it was read in the responses
--   votes: responses that gave it [samples]
select
    problem_id,
    gold_id,
    policy_id,
    sampling_id,
    grader_id,
    extracted as voted,
    count(*) as votes
from stg_verdicts
where verdict = 'incorrect' and extracted is not null
group by all
