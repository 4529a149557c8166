-- prior_staleness: how fast the offline prior goes stale while a stage trains, beside what chance alone gives
-- grain: stage_id
-- inputs: calibration, stg_groups
-- materialized: table
-- parameters: none
-- invariants: first_step <= last_step; slopes are null for a single step, their errors where there are fewer than three problems
-- only of groups without a hint, as in calibration: hints from what the policy can do now would pass for a prior that is off.
-- first_ and last_ are of the first and the last tenth of the steps that has groups with a prior; slopes are least squares over all groups,
-- in accuracy per 100 steps: drift of the mean difference (the policy gets better than promised), error_growth of its size (whichever way).
-- stale_step is the first step of the first tenth in which the prior is off beyond chance (is_off of calibration: by chance alone one stage in
-- twenty has one); null: in none. Errors of slopes take the groups of a problem together. Where the groups' prior is the raw share k / n and
-- not p_mean, chosen problems fall back to their mean from the first step on, and that is found as being off, too
-- columns:
--   groups: groups without a hint, with a prior, of which an answer could be judged [groups]
--   first_step: first step with such a group [number]
--   last_step: last step with one [number]
--   first_correlation: correlation of prior and accuracy in the first tenth [number]
--   last_correlation: the same in the last tenth [number]
--   first_skill: skill of the prior in the first tenth, see calibration [number]
--   first_skill_by_chance: skill that a prior that holds is expected to have there [number]
--   last_skill: skill of the prior in the last tenth [number]
--   last_skill_by_chance: skill that a prior that holds is expected to have there [number]
--   first_difference: mean of accuracy - prior in the first tenth [share]
--   first_difference_error: its standard error where the prior holds [share]
--   last_difference: mean of accuracy - prior in the last tenth [share]
--   last_difference_error: its standard error where the prior holds [share]
--   stale_step: first step of the first tenth in which the prior is off beyond chance, null in none [number]
--   drift_per_100_steps: slope of accuracy - prior, per 100 steps [share]
--   drift_error: standard error of that slope [share]
--   error_growth_per_100_steps: slope of the difference's size, per 100 steps [share]
--   error_growth_error: standard error of that slope [share]
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
        any_value(skill_by_chance) filter (where is_first) as first_skill_by_chance,
        any_value(skill) filter (where is_last) as last_skill,
        any_value(skill_by_chance) filter (where is_last) as last_skill_by_chance,
        any_value(difference) filter (where is_first) as first_difference,
        any_value(difference_error) filter (where is_first) as first_difference_error,
        any_value(difference) filter (where is_last) as last_difference,
        any_value(difference_error) filter (where is_last) as last_difference_error,
        min(first_step) filter (where is_off) as stale_step
    from tenths
    group by stage_id
),

known as (
    select stage_id, problem_id, step, accuracy - prior as off, abs(accuracy - prior) as size
    from stg_groups
    where prior is not null and group_size > 0 and not hinted
),

lines as (
    select
        stage_id,
        avg(step) as middle,
        regr_sxx(off, step) as spread,
        case when min(step) < max(step) then regr_slope(off, step) end as drift,
        avg(off) as mean_off,
        case when min(step) < max(step) then regr_slope(size, step) end as growth,
        avg(size) as mean_size
    from known
    group by stage_id
),

by_problem as (
    select
        stage_id,
        problem_id,
        sum((step - middle) * (off - mean_off - drift * (step - middle))) as of_drift,
        sum((step - middle) * (size - mean_size - growth * (step - middle))) as of_growth
    from known
    inner join lines using (stage_id)
    group by stage_id, problem_id
),

errors as (
    select
        stage_id,
        case when count(*) >= 3 then sqrt(sum(of_drift ** 2)) end as of_drift,
        case when count(*) >= 3 then sqrt(sum(of_growth ** 2)) end as of_growth
    from by_problem
    group by stage_id
)

select
    ends.*,
    100 * lines.drift as drift_per_100_steps,
    100 * errors.of_drift / nullif(lines.spread, 0) as drift_error,
    100 * lines.growth as error_growth_per_100_steps,
    100 * errors.of_growth / nullif(lines.spread, 0) as error_growth_error
from ends
join lines using (stage_id)
join errors using (stage_id)
order by ends.stage_id
