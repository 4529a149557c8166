-- histogram_adds_up: every measured problem is in exactly one bin
-- grain: profile whose bins and problems differ
-- inputs: problem_counts, difficulty_histogram
-- parameters: none
with bins as (
    select dataset, split, policy_id, sampling_id, grader_id, sum(problems) as in_bins
    from difficulty_histogram
    group by all
),

problems as (
    select dataset, split, policy_id, sampling_id, grader_id, count(*) as measured
    from problem_counts
    where n > 0
    group by all
)

select *
from problems
full join bins using (dataset, split, policy_id, sampling_id, grader_id)
where in_bins is distinct from measured
