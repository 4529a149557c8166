-- curation_sweep: what other thresholds would keep, and how many of the groups trained on it would teach nothing
-- grain: dataset x split x policy_id x sampling_id x grader_id x low x high x group_size x estimate
-- inputs: outcome_counts, posteriors
-- materialized: table
-- parameters: none; the grid of thresholds and group sizes stands below (0.084, 0.1 and 0.87 are the paper's, the others ours)
-- invariants: kept <= problems; kept_share rises as low falls and as high rises; a share lies within 0 and 1
-- what is kept is decided as a rule does that is asked for the estimate (macro rule_keeps); everything else is expected of the true p
-- columns:
--   low: lower threshold [share]
--   high: upper threshold [share]
--   group_size: responses in a GRPO group [samples]
--   estimate: what decides whether a problem is kept: posterior or share, as in a stage's `choose.estimate`
--   problems: measured problems [problems]
--   kept: of them, those between the thresholds [problems]
--   kept_share: kept / problems [share]
--   misplaced_share: problems that are expected to be kept or dropped wrongly, by their true p [share]
--   zero_signal_share: groups over the kept that are expected to teach nothing, all right or all wrong; null where none is kept [share]
--   reward_variance: expected variance of one response's reward over the kept, p (1 - p) under each problem's posterior [number]
with thresholds as (
    select lows.low, highs.high, estimates.estimate
    from (select unnest([0.0, 0.05, 0.084, 0.1, 0.2, 0.3]::double[]) as low) as lows
    cross join (select unnest([0.5, 0.7, 0.8, 0.87, 0.9, 1.0]::double[]) as high) as highs
    cross join (select unnest(['posterior', 'share']) as estimate) as estimates
),

placed as (
    select
        outcomes.*,
        thresholds.*,
        rule_keeps(thresholds.estimate, outcomes.k / outcomes.n, posteriors.p_cdf, thresholds.low, thresholds.high) as is_kept,
        p_between(posteriors.p_cdf, thresholds.low, thresholds.high) as inside,
        reward_variance(posteriors.p_mean, posteriors.p_variance) as reward_variance,
        posteriors.p_none,
        posteriors.p_all
    from outcome_counts as outcomes
    inner join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
    cross join thresholds
),

swept as (
    select *, p_zero_signal(p_none, p_all, group_size) as zero_signal
    from placed
    cross join (select unnest([4, 8, 16]) as group_size) as sizes
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
    estimate,
    sum(problems)::bigint as problems,
    coalesce(sum(problems) filter (where is_kept), 0)::bigint as kept,
    coalesce(sum(problems) filter (where is_kept), 0) / sum(problems) as kept_share,
    sum(problems * case when is_kept then 1 - inside else inside end) / sum(problems) as misplaced_share,
    sum(problems * zero_signal) filter (where is_kept) / sum(problems) filter (where is_kept) as zero_signal_share,
    sum(problems * reward_variance) filter (where is_kept) / sum(problems) filter (where is_kept) as reward_variance
from swept
group by all
order by dataset, split, policy_id, sampling_id, grader_id, low, high, group_size, estimate
