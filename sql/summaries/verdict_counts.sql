-- verdict_counts: how many responses to a problem got each verdict
-- grain: problem_id x gold_id x policy_id x sampling_id x grader_id
-- inputs: stg_verdicts
-- materialized: view
-- parameters: none
-- a key may have several rows, of several parts of the lake: read it with the aggregates that merge it
-- merged by: sum(rounds), sum(correct), sum(incorrect), sum(unparseable), sum(timeouts), sum(unscorable)
-- invariants: where each rollout has one verdict of the five (sql/checks/verdicts_are_sound), the five add up to the verdicts
-- what `difficulty` needs of verdict_outcomes, whose masks cost half as much again; count_if is faster than count with a filter
-- columns:
--   problem_id: problem that was answered
--   gold_id: digest of the gold answer that responses were compared with
--   policy_id: policy that answered
--   sampling_id: way of sampling
--   grader_id: the grader's version
--   rounds: rounds whose first sample was graded [rounds]
--   correct: responses that gave the gold answer [samples]
--   incorrect: responses that gave another one [samples]
--   unparseable: responses in which no answer was found [samples]
--   timeouts: responses whose grading took too long [samples]
--   unscorable: responses whose gold answer cannot be compared with [samples]
select
    problem_id,
    gold_id,
    policy_id,
    sampling_id,
    grader_id,
    count_if(sample = 0)::bigint as rounds,
    count_if(verdict = 'correct')::bigint as correct,
    count_if(verdict = 'incorrect')::bigint as incorrect,
    count_if(verdict = 'unparseable')::bigint as unparseable,
    count_if(verdict = 'timeout')::bigint as timeouts,
    count_if(verdict = 'unscorable')::bigint as unscorable
from stg_verdicts
group by all
