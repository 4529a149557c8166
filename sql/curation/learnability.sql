-- learnability: the problems between $low and $high with the largest expected p(1 - p), the variance of their reward; the more, the oftener drawn
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_variance, p_cdf, …; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw among equals
-- p(1 - p) is averaged over p's posterior, so that a lucky 4 of 8 is not taken at its word: over that of the dataset's fit, or for 'share',
-- which asks for no fit, over that under Jeffreys' prior; the mean weight is 1
-- source: J. Foster and J. Foerster, Learning to Reason at the Frontier of Learnability (2025), who sample by p(1 - p)
with measured as (
    select
        problem_id,
        case $estimate
            when 'share' then (k + 0.5) * (n - k + 0.5) / ((n + 1) * (n + 2))
            else reward_variance(p_mean, p_variance)
        end as learnability
    from candidates
    where rule_keeps($estimate, accuracy, p_cdf, $low, $high)
)

select
    problem_id,
    rank,
    learnability / avg(learnability) over () as weight,
    'largest expected p(1 - p)' as rule
from (
    select
        *,
        row_number() over (order by learnability desc, draw_order(problem_id, $seed), problem_id) as rank
    from measured
    qualify rank <= $size
) as kept
order by rank
