-- difficulty: how hard each problem is for each policy
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_places, verdict_counts, parameters
-- materialized: table
-- local by: problem_id
-- parameters: parameters.z (confidence of the interval), parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: sql/checks/difficulty_adds_up, intervals_hold_accuracy, passes_rise; n + timeouts + unscorable is every verdict
-- columns:
--   rounds: rounds whose first sample was graded [rounds]
--   n: samples that count: correct, incorrect or unparseable [samples]
--   k: of these, correct ones [samples]
--   unparseable: samples in which no answer was found; they count as wrong [samples]
--   timeouts: samples that could not be judged in time; they do not count [samples]
--   unscorable: samples whose gold answer cannot be compared with; they do not count [samples]
--   accuracy: k / n, null where nothing counts, and so are interval and band [share]
--   accuracy_low: lower end of Wilson's interval of the accuracy [share]
--   accuracy_high: upper end of it [share]
--   pass_2: chance that one of 2 samples is right (unbiased pass@2), null where n < 2; pass@1 is the accuracy [share]
--   pass_4: chance that one of 4 samples is right, null where n < 4 [share]
--   pass_8: chance that one of 8 samples is right, null where n < 8 [share]
--   pass_16: chance that one of 16 samples is right, null where n < 16 [share]
--   band: hopeless, hard, medium, easy or trivial, by the accuracy and the edges in `parameters`
with counted as (
    select
        problem_id,
        gold_id,
        policy_id,
        sampling_id,
        grader_id,
        sum(rounds)::bigint as rounds,
        sum(correct + incorrect + unparseable)::bigint as n,
        sum(correct)::bigint as k,
        sum(unparseable)::bigint as unparseable,
        sum(timeouts)::bigint as timeouts,
        sum(unscorable)::bigint as unscorable
    from verdict_counts
    group by all
),

outcomes as (
    select
        n,
        k,
        k / nullif(n, 0) as accuracy,
        wilson_low(k, n, parameters.z) as accuracy_low,
        wilson_high(k, n, parameters.z) as accuracy_high,
        pass_at(k, n, 2) as pass_2,
        pass_at(k, n, 4) as pass_4,
        pass_at(k, n, 8) as pass_8,
        pass_at(k, n, 16) as pass_16,
        band(k / nullif(n, 0), parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as band
    from (select distinct n, k from counted) as distinct_outcomes
    cross join parameters
)

select
    places.problem_id,
    places.gold_id,
    places.dataset,
    places.split,
    counted.policy_id,
    counted.sampling_id,
    counted.grader_id,
    counted.rounds,
    counted.n,
    counted.k,
    counted.unparseable,
    counted.timeouts,
    counted.unscorable,
    outcomes.* exclude (n, k)
from counted
inner join outcomes using (n, k)
inner join stg_places as places using (problem_id, gold_id)
order by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id
