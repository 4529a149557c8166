-- medium_to_hard: from the middle down: problems from $low to below $high, the levels of difficulty taken in turn, the hardest first
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …, metadata; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw; $by_dataset: the datasets in turn
-- a U-shaped pile of nearly hopeless problems would fill the stage if the draw did not go level by level; a level is a value of the share, or
-- of p_mean to one decimal, since every dataset and every number of rounds has values of p_mean of its own
with levelled as (
    select
        *,
        case $estimate when 'share' then accuracy else round(p_mean, 1) end as level
    from candidates
    where rule_keeps($estimate, accuracy, p_cdf, $low, $high) and ($estimate <> 'share' or accuracy < $high)
)

select
    problem_id,
    row_number() over (order by turn, level, draw_order(problem_id, $seed), problem_id) as rank,
    case $estimate
        when 'share' then format('{} <= accuracy < {}', $low::double, $high::double)
        else rule_words($estimate, $low, $high)
    end || ', levels in turn' as rule
from (
    select
        *,
        row_number() over (
            partition by level, case when $by_dataset then dataset end
            order by draw_order(problem_id, $seed), problem_id
        ) as turn
    from levelled
) as kept
qualify rank <= $size
order by rank
