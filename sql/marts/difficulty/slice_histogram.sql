-- slice_histogram: how many problems of each slice were solved 0, 1, ... bins times
-- grain: dataset x split x policy_id x sampling_id x grader_id x slice x value x bin; bin = 0 ... bins, empty bins too
-- inputs: slice_outcomes, difficulty_histogram, slice_difficulty
-- materialized: table
-- parameters: none; bins are those of difficulty_histogram
-- invariants: the bins of a value add up to its problems in slice_difficulty
-- columns:
--   problems: problems of the slice in the bin [problems]
--   share: problems over all problems of the slice's value [share]
with counted as (
    select
        dataset, split, policy_id, sampling_id, grader_id, slice, value,
        round(k / n * profiles.bins)::bigint as bin,
        sum(slice_outcomes.problems)::bigint as problems
    from slice_outcomes
    inner join (select distinct dataset, split, policy_id, sampling_id, grader_id, bins from difficulty_histogram) as profiles
        using (dataset, split, policy_id, sampling_id, grader_id)
    group by all
)

select
    bins.dataset,
    bins.split,
    bins.policy_id,
    bins.sampling_id,
    bins.grader_id,
    slices.slice,
    slices.value,
    bins.bins,
    bins.bin,
    bins.accuracy,
    bins.band,
    coalesce(counted.problems, 0) as problems,
    coalesce(counted.problems, 0) / slices.problems as share
from slice_difficulty as slices
inner join difficulty_histogram as bins using (dataset, split, policy_id, sampling_id, grader_id)
left join counted
    on slices.dataset = counted.dataset
    and slices.split = counted.split
    and slices.policy_id = counted.policy_id
    and slices.sampling_id = counted.sampling_id
    and slices.grader_id = counted.grader_id
    and slices.slice = counted.slice
    and slices.value = counted.value
    and bins.bin = counted.bin
order by bins.dataset, bins.split, bins.policy_id, bins.sampling_id, bins.grader_id, slices.slice, slices.value, bins.bin
