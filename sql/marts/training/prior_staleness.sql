-- prior_staleness: how fast the offline prior goes stale while a stage trains
-- grain: stage_id
-- inputs: calibration, stg_groups
-- materialized: table
-- parameters: none
-- invariants: first_step <= last_step; slopes are null for a single step
-- first_ and last_ are of the first and the last tenth of the steps that has groups with a prior; slopes are least squares over all groups,
-- in accuracy per 100 steps: drift of the mean difference (the policy gets better than promised), error_growth of its size (whichever way).
-- stale_step is the first step of the first tenth in which the prior predicts no better than the mean accuracy; null: in none
-- columns:
--   groups: groups with a prior of which an answer could be judged [groups]
--   first_step: first step with such a group [number]
--   last_step: last step with one [number]
--   first_correlation: correlation of prior and accuracy in the first tenth [number]
--   last_correlation: the same in the last tenth [number]
--   first_skill: skill of the prior in the first tenth, see calibration [number]
--   last_skill: the same in the last tenth [number]
--   first_difference: mean of accuracy - prior in the first tenth [share]
--   last_difference: the same in the last tenth [share]
--   stale_step: first step of the first tenth in which the prior is no better than the mean, null in none [number]
--   drift_per_100_steps: slope of accuracy - prior, per 100 steps [share]
--   error_growth_per_100_steps: slope of its size, per 100 steps [share]
with tenths as (
    select
        *,
        row_number() over (partition by stage_id order by step_bucket) = 1 as is_first,
        row_number() over (partition by stage_id order by step_bucket desc) = 1 as is_last
    from calibration
    where band = 'all'
),

ends as (
    select
        stage_id,
        sum(groups) as groups,
        min(first_step) as first_step,
        max(last_step) as last_step,
        any_value(correlation) filter (where is_first) as first_correlation,
        any_value(correlation) filter (where is_last) as last_correlation,
        any_value(skill) filter (where is_first) as first_skill,
        any_value(skill) filter (where is_last) as last_skill,
        any_value(difference) filter (where is_first) as first_difference,
        any_value(difference) filter (where is_last) as last_difference,
        min(first_step) filter (where skill <= 0) as stale_step
    from tenths
    group by stage_id
),

slopes as (
    select
        stage_id,
        case when min(step) < max(step) then 100 * regr_slope(accuracy - prior, step) end as drift_per_100_steps,
        case when min(step) < max(step) then 100 * regr_slope(abs(accuracy - prior), step) end as error_growth_per_100_steps
    from stg_groups
    where prior is not null and group_size > 0
    group by stage_id
)

select ends.*, slopes.drift_per_100_steps, slopes.error_growth_per_100_steps
from ends
join slopes using (stage_id)
order by ends.stage_id
