-- difficulty_corrected: how hard each problem is with the grader's errors taken into account, where its grader was audited
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: problem_counts, corrections, parameters
-- materialized: table
-- parameters: parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: n > 0; corrected lies in its interval
-- columns:
--   corrected_band: band of the corrected accuracy, null where there is none
--   band_changed: whether the corrected band is another one
select
    problem_counts.problem_id,
    problem_counts.gold_id,
    problem_counts.dataset,
    problem_counts.split,
    problem_counts.policy_id,
    problem_counts.sampling_id,
    problem_counts.grader_id,
    corrections.audit_id,
    corrections.errors_of,
    problem_counts.n,
    problem_counts.k,
    problem_counts.accuracy,
    corrections.corrected,
    corrections.corrected_low,
    corrections.corrected_high,
    problem_counts.band,
    band(corrections.corrected, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as corrected_band,
    corrected_band <> problem_counts.band as band_changed
from problem_counts
inner join corrections using (grader_id, dataset, n, k)
cross join parameters
order by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id
