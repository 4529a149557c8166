-- difficulty: how hard each problem is for each policy
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_problems, verdict_outcomes, parameters
-- local by: problem_id
-- parameters: parameters.z (confidence of the interval), parameters.low, hard_below, medium_below, high (edges of the bands)
-- accuracy is k over n = correct + incorrect + unparseable; it is null, and so is the band, where no sample could be scored
with problems as (
    select * from stg_problems
),

blocks as (
    select
        problem_id,
        gold_id,
        policy_id,
        sampling_id,
        grader_id,
        bit_count(bit_or(drawn)) as rounds,
        sum(bit_count(correct) + bit_count(incorrect) + bit_count(unparseable)) as n,
        sum(bit_count(correct)) as k,
        sum(bit_count(unparseable)) as unparseable,
        sum(bit_count(timeouts)) as timeouts,
        sum(bit_count(unscorable)) as unscorable
    from verdict_outcomes
    group by problem_id, gold_id, policy_id, sampling_id, grader_id, block
),

counted as (
    select
        problem_id,
        gold_id,
        policy_id,
        sampling_id,
        grader_id,
        sum(rounds)::bigint as rounds,
        sum(n)::bigint as n,
        sum(k)::bigint as k,
        sum(unparseable)::bigint as unparseable,
        sum(timeouts)::bigint as timeouts,
        sum(unscorable)::bigint as unscorable
    from blocks
    group by all
),

measured as (
    select
        problems.problem_id,
        problems.gold_id,
        problems.dataset,
        problems.split,
        counted.* exclude (problem_id, gold_id),
        k / nullif(n, 0) as accuracy,
        wilson_low(k, n, parameters.z) as accuracy_low,
        wilson_high(k, n, parameters.z) as accuracy_high
    from problems
    inner join counted
        on problems.problem_id = counted.problem_id
        and problems.gold_id = counted.gold_id
    cross join parameters
)

select
    measured.*,
    band(measured.accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as band
from measured
cross join parameters
order by dataset, split, problem_id, gold_id, policy_id, sampling_id, grader_id
