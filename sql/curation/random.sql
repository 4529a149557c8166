-- random: a draw of all measured problems, whatever their difficulty: what curation is compared with
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …, metadata; see the mart)
-- parameters: $size the most problems to give; $seed of the draw; $by_dataset: take the datasets in turn
select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    'any accuracy' as rule
from (
    select
        *,
        case when $by_dataset then row_number() over (partition by dataset order by draw_order(problem_id, $seed), problem_id) else 0 end as turn
    from candidates
) as drawn
qualify rank <= $size
order by rank
