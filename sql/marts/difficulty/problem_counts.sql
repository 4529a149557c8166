-- problem_counts: how often each problem was solved by each policy: raw counts, their share, and Wilson's interval of it
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_places, verdict_counts, parameters
-- materialized: table
-- local by: problem_id
-- parameters: parameters.z (confidence of the interval), parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: sql/checks/difficulty_adds_up, intervals_hold_accuracy; n + timeouts + unscorable is every verdict
-- the share k / n is bent where rounds are adaptive, and noisy where they are few; `difficulty` has the estimates
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
--   band: hopeless, hard, medium, easy or trivial, by the raw share and the edges in `parameters`
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
