-- curation_noise: how many problems a profile of so many fresh rounds would keep, and how many change side by sampling noise alone
-- grain: dataset x split x policy_id x sampling_id x grader_id x low x high x rounds
-- inputs: outcome_counts
-- materialized: table
-- parameters: none; the grid of thresholds and rounds stands below (0.084, 0.1 and 0.87 are the paper's, the others ours)
-- invariants: low < high; expected_kept lies within 0 and the problems of the profile, switch_share within 0 and 1
-- the right answers of fresh rounds follow the posterior predictive of a problem, a Beta-binomial under Jeffreys' prior
-- columns:
--   dataset: dataset of the problems
--   split: split of the problems
--   policy_id: policy that was sampled
--   sampling_id: way of sampling
--   grader_id: the grader's version
--   low: lower threshold of accuracy [share]
--   high: upper threshold of accuracy [share]
--   rounds: rounds of the fresh profile [rounds]
--   expected_kept: problems that it is expected to keep [problems]
--   switch_share: expected share of the problems that it keeps and this profile drops, or the other way round [share]
with thresholds as (
    select lows.low, highs.high
    from (select unnest([0.0, 0.05, 0.084, 0.1, 0.2, 0.3]::double[]) as low) as lows
    cross join (select unnest([0.5, 0.7, 0.8, 0.87, 0.9, 1.0]::double[]) as high) as highs
),

outcomes as (
    select *, unnest([4, 8, 16, 32]) as rounds
    from outcome_counts
),

fresh as (
    select *, unnest(range(rounds + 1)) as right_answers
    from outcomes
),

predicted as (
    select
        *,
        exp(
            lgamma(rounds + 1) - lgamma(right_answers + 1) - lgamma(rounds - right_answers + 1)
            + lgamma(k + 0.5 + right_answers) + lgamma(n - k + 0.5 + rounds - right_answers) - lgamma(n + 1.0 + rounds)
            - lgamma(k + 0.5) - lgamma(n - k + 0.5) + lgamma(n + 1.0)
        ) as chance
    from fresh
)

-- a problem changes side where its fresh rounds lie on the other side of the thresholds than those of the profile
select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    low,
    high,
    rounds,
    coalesce(sum(problems * chance) filter (where right_answers / rounds between low and high), 0) as expected_kept,
    coalesce(sum(problems * chance) filter (where (right_answers / rounds between low and high) <> (k / n between low and high)), 0)
        / sum(problems * chance) as switch_share
from predicted
cross join thresholds
group by all
order by dataset, split, policy_id, sampling_id, grader_id, low, high, rounds
