-- power_outcomes: how many problems had k of n right, of every profile of problems to train on, without hints
-- grain: dataset x split x policy_id x sampling_id x grader_id x k x n
-- inputs: outcome_counts, current
-- parameters: $recipe (only what its newest run asked; null for every profile)
select
    outcomes.dataset,
    outcomes.split,
    outcomes.policy,
    outcomes.policy_id,
    outcomes.sampling_id,
    outcomes.grader_id,
    outcomes.k,
    outcomes.n,
    outcomes.problems
from outcome_counts as outcomes
where
    not coalesce(outcomes.hints, false)
    and outcomes.split <> 'heldout'
    and (
        $recipe is null
        or (outcomes.dataset, outcomes.split, outcomes.policy_id, outcomes.sampling_id, outcomes.grader_id) in (
            select (dataset, split, policy_id, sampling_id, grader_id)
            from current
            where recipe = $recipe
        )
    )
order by all
