-- difficulty: how hard each problem is for each policy
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_problems, stg_verdicts, parameters
-- parameters: parameters.z (confidence of the interval), parameters.low, hard_below, medium_below, high (edges of the bands)
-- accuracy is k over n = correct + incorrect + unparseable; it is null, and so is the band, where no sample could be scored
with problems as (
    select * from stg_problems
),

verdicts as (
    select * from stg_verdicts
),

counted as (
    select
        problems.problem_id,
        problems.gold_id,
        problems.dataset,
        problems.split,
        verdicts.policy_id,
        verdicts.sampling_id,
        verdicts.grader_id,
        count(distinct verdicts.round) as rounds,
        count(*) filter (where verdicts.is_scored) as n,
        count(*) filter (where verdicts.is_correct) as k,
        count(*) filter (where verdicts.verdict = 'unparseable') as unparseable,
        count(*) filter (where verdicts.verdict = 'timeout') as timeouts,
        count(*) filter (where verdicts.verdict = 'unscorable') as unscorable
    from problems
    inner join verdicts
        on problems.problem_id = verdicts.problem_id
        and problems.gold_id = verdicts.gold_id
    group by all
),

measured as (
    select
        counted.*,
        k / nullif(n, 0) as accuracy,
        wilson_low(k, n, parameters.z) as accuracy_low,
        wilson_high(k, n, parameters.z) as accuracy_high
    from counted
    cross join parameters
)

select
    measured.*,
    band(measured.accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as band
from measured
cross join parameters
order by dataset, split, problem_id, gold_id, policy_id, sampling_id, grader_id
