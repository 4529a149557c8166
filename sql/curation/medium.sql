-- medium: neither too easy nor too hard: a draw of the problems between $low and $high
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …, metadata; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw; $by_dataset: the datasets in turn
select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    rule_words($estimate, $low, $high) as rule
from (
    select
        *,
        case when $by_dataset then row_number() over (partition by dataset order by draw_order(problem_id, $seed), problem_id) else 0 end as turn
    from candidates
    where rule_keeps($estimate, accuracy, p_cdf, $low, $high)
) as kept
qualify rank <= $size
order by rank
