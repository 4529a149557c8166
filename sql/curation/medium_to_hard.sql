-- medium_to_hard: from the middle down: problems with $low <= accuracy < $high, the levels of accuracy taken in turn, the hardest first
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band, metadata)
-- parameters: $low and $high accuracies; $size the most problems to give; $seed of the draw; $by_dataset: take the datasets in turn
-- a U-shaped pile of nearly hopeless problems would fill the stage if the draw did not go level by level
select
    problem_id,
    row_number() over (order by turn, accuracy, draw_order(problem_id, $seed), problem_id) as rank,
    format('{} <= accuracy < {}, levels in turn', $low::double, $high::double) as rule
from (
    select
        *,
        row_number() over (
            partition by accuracy, case when $by_dataset then dataset end
            order by draw_order(problem_id, $seed), problem_id
        ) as turn
    from candidates
    where accuracy >= $low and accuracy < $high
) as kept
qualify rank <= $size
order by rank
