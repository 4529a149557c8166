-- pass_at_k: how many problems one of `draws` samples solves, by the unbiased estimate of each problem
-- grain: dataset x split x policy_id x sampling_id x grader_id x draws
-- inputs: outcome_counts, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals); the numbers of draws stand below, those up to the largest n are given
-- invariants: over the same problems pass rises with draws; at draws = 1 it is the mean accuracy
-- intervals come from the spread between problems, since samples of one problem are not independent; that of a single problem is [0, 1]
-- columns:
--   draws: samples that one may try, the k of pass@k [samples]
--   problems: problems with at least so many samples that count [problems]
--   pass: mean over them of the chance that one of the draws is right [share]
--   pass_low: lower end of its interval [share]
--   pass_high: upper end of its interval [share]
with passes as (
    select outcomes.*, tried.draws, pass_at(outcomes.k, outcomes.n, tried.draws) as pass
    from outcome_counts as outcomes
    inner join (select unnest([1, 2, 4, 8, 16, 32, 64, 128]::bigint[]) as draws) as tried on tried.draws <= outcomes.n
),

summed as (
    select
        dataset,
        split,
        policy_id,
        sampling_id,
        grader_id,
        draws,
        sum(problems)::bigint as problems,
        sum(problems * pass) / sum(problems) as pass,
        sum(problems * pass * pass) / sum(problems) as square
    from passes
    group by all
)

select
    summed.* exclude (square),
    greatest(pass - z * sqrt(greatest(square - pass * pass, 0) / nullif(problems - 1, 0)), 0) as pass_low,
    least(pass + z * sqrt(greatest(square - pass * pass, 0) / nullif(problems - 1, 0)), 1) as pass_high
from summed
cross join parameters
order by dataset, split, policy_id, sampling_id, grader_id, draws
