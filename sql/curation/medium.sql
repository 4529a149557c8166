-- medium: neither too easy nor too hard: a draw of the problems whose accuracy lies in [$low, $high]
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band, metadata)
-- parameters: $low and $high accuracies; $size the most problems to give; $seed of the draw; $by_dataset: take the datasets in turn
select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    format('{} <= accuracy <= {}', $low::double, $high::double) as rule
from (
    select
        *,
        case when $by_dataset then row_number() over (partition by dataset order by draw_order(problem_id, $seed), problem_id) else 0 end as turn
    from candidates
    where accuracy between $low and $high
) as kept
qualify rank <= $size
order by rank
