-- curation_sweep: what other thresholds would keep, and how many of the groups trained on it would teach nothing
-- grain: dataset x split x policy_id x sampling_id x grader_id x low x high x group_size
-- inputs: outcome_counts
-- materialized: table
-- parameters: none; the grid of thresholds and group sizes stands below (0.084, 0.1 and 0.87 are the paper's, the others ours)
-- invariants: kept <= problems; kept_share rises as low falls and as high rises
-- columns:
--   low: lowest accuracy that is kept [share]
--   high: highest accuracy that is kept [share]
--   group_size: responses in a GRPO group [samples]
--   problems: measured problems [problems]
--   kept: of them, those whose accuracy lies between the thresholds [problems]
--   kept_share: kept / problems [share]
--   zero_signal_share: groups over the kept that are expected to teach nothing, all right or all wrong; null where none is kept [share]
--   reward_variance: expected variance of one response's reward over the kept, p (1 - p) under each problem's posterior [number]
with thresholds as (
    select lows.low, highs.high, sizes.group_size
    from (select unnest([0.0, 0.05, 0.084, 0.1, 0.2, 0.3]::double[]) as low) as lows
    cross join (select unnest([0.5, 0.7, 0.8, 0.87, 0.9, 1.0]::double[]) as high) as highs
    cross join (select unnest([4, 8, 16]) as group_size) as sizes
),

swept as (
    select
        outcomes.*,
        thresholds.*,
        outcomes.k / outcomes.n between thresholds.low and thresholds.high as is_kept,
        zero_signal(outcomes.k, outcomes.n, thresholds.group_size) as zero_signal,
        reward_variance(outcomes.k, outcomes.n) as reward_variance
    from outcome_counts as outcomes
    cross join thresholds
)

select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    low,
    high,
    group_size,
    sum(problems)::bigint as problems,
    coalesce(sum(problems) filter (where is_kept), 0)::bigint as kept,
    coalesce(sum(problems) filter (where is_kept), 0) / sum(problems) as kept_share,
    sum(problems * zero_signal) filter (where is_kept) / sum(problems) filter (where is_kept) as zero_signal_share,
    sum(problems * reward_variance) filter (where is_kept) / sum(problems) filter (where is_kept) as reward_variance
from swept
group by all
order by dataset, split, policy_id, sampling_id, grader_id, low, high, group_size
