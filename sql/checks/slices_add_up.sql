-- slices_add_up: every measured problem is in exactly one value of each slice that is named
-- grain: profile and slice whose problems differ
-- inputs: slice_difficulty, slice_histogram
-- parameters: none
with by_value as (
    select dataset, split, policy_id, sampling_id, grader_id, slice, sum(problems) as problems
    from slice_difficulty
    where not starts_with(slice, 'metadata.')
    group by all
),

in_bins as (
    select dataset, split, policy_id, sampling_id, grader_id, slice, sum(problems) as problems
    from slice_histogram
    where not starts_with(slice, 'metadata.')
    group by all
)

select *
from by_value
full join in_bins using (dataset, split, policy_id, sampling_id, grader_id, slice)
qualify
    by_value.problems is distinct from in_bins.problems
    or by_value.problems is distinct from max(by_value.problems) over (partition by dataset, split, policy_id, sampling_id, grader_id)
