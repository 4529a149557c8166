-- transitions_add_up: the problems of a band all go somewhere, and the matrix has the problems that both policies answered
-- grain: pair of policies at fault
-- inputs: band_transitions, policy_drift
-- parameters: none
with cells as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        sum(problems) as problems, sum(share) as shares, count(distinct band) as bands
    from band_transitions
    group by all
)

select *
from cells
full join policy_drift as drift using (dataset, split, sampling_id, grader_id, policy_id, later_policy_id)
where cells.problems is distinct from drift.problems or abs(cells.shares - cells.bands) > 1e-6
