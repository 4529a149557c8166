-- grader_changes: how a problem's difficulty changed from one grader's verdicts to those of the next grader that judged the same responses
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x later_grader_id
-- inputs: problem_counts, grader_order
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: the two graders follow each other among those that judged the problem
-- graders follow each other by when they first judged, see grader_order
-- columns:
--   later_grader_id: the next grader
--   later_n: samples that count under it [samples]
--   later_k: of these, right ones [samples]
--   later_accuracy: later_k / later_n [share]
--   later_band: band under the later grader
--   band_changed: whether the two bands differ
with ordered as (
    select
        problem_counts.*,
        row_number() over (
            partition by problem_id, gold_id, dataset, split, policy_id, sampling_id
            order by grader_order.place
        ) as place
    from problem_counts
    inner join grader_order using (grader_id)
)

select
    later.problem_id,
    later.gold_id,
    later.dataset,
    later.split,
    later.policy_id,
    later.sampling_id,
    earlier.grader_id,
    later.grader_id as later_grader_id,
    earlier.n,
    later.n as later_n,
    earlier.k,
    later.k as later_k,
    earlier.accuracy,
    later.accuracy as later_accuracy,
    earlier.band,
    later.band as later_band,
    earlier.band is distinct from later.band as band_changed
from ordered as later
inner join ordered as earlier
    on later.problem_id = earlier.problem_id
    and later.gold_id = earlier.gold_id
    and later.dataset = earlier.dataset
    and later.split = earlier.split
    and later.policy_id = earlier.policy_id
    and later.sampling_id = earlier.sampling_id
    and later.place = earlier.place + 1
order by all
