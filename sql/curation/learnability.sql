-- learnability: the problems in [$low, $high] with the largest expected p(1 - p), the variance of their reward; the more, the oftener drawn
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band, metadata)
-- parameters: $low and $high accuracies; $size the most problems to give; $seed of the draw among equals
-- p(1 - p) is averaged over p's posterior under Jeffreys' prior, so that a lucky 4 of 8 is not taken at its word; the mean weight is 1
-- source: J. Foster and J. Foerster, Learning to Reason at the Frontier of Learnability (2025), who sample by p(1 - p)
select
    problem_id,
    rank,
    learnability / avg(learnability) over () as weight,
    'largest expected p(1 - p)' as rule
from (
    select
        problem_id,
        (k + 0.5) * (n - k + 0.5) / ((n + 1) * (n + 2)) as learnability,
        row_number() over (
            order by (k + 0.5) * (n - k + 0.5) / ((n + 1) * (n + 2)) desc, draw_order(problem_id, $seed), problem_id
        ) as rank
    from candidates
    where accuracy between $low and $high
    qualify rank <= $size
) as kept
order by rank
