-- calibration: what the offline prior promised against what the online groups showed, and how well it predicted
-- grain: stage_id x step_bucket (tenth of the stage, 0 first) x band of the prior; band 'all' is over all bands
-- inputs: stg_groups, parameters
-- materialized: table
-- parameters: parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: brier = 0 only where every answer was foreseen; the groups of the bands add up to `all`
-- only groups with a prior of which an answer could be judged, and whose prompt carried no hint, as those that the prior was measured with:
-- hinted groups, and those of which that is not known, are left out (hinted_groups of stage_summary counts them); correlation is that of prior and group accuracy, null where either is one
-- value. brier is the mean squared error of the prior as the probability that a completion is right (Brier 1950), brier_of_mean that of
-- the groups' own mean accuracy in its place, skill 1 - brier / brier_of_mean: 1 foresees every answer, 0 is no better than that mean.
-- reliability is the part of brier that is the prior's being off (Murphy 1973): (prior - accuracy)^2 averaged over tenths of the prior
-- What chance alone gives: answers drawn from priors that hold have a brier of prior (1 - prior) on average, so a prior that holds can have
-- little skill, where it hardly differs between problems. is_off asks difference instead: it is 0 on average for a prior that holds, however
-- uncertain, and its error comes from the groups themselves, those of one problem together (a sign-flip variance), so that what the prior does
-- not know of a problem is in it. Each tenth is allowed one in a thousand (3.3 standard errors): with ten looks, and the error of the fit that
-- all priors share and groups do not carry, at most one stage in twenty whose prior holds has any tenth that is off
-- columns:
--   step_bucket: tenth of the stage, the first is 0 [number]
--   band: band of the prior, or `all`
--   first_step: first step with such a group [number]
--   last_step: last step with one [number]
--   groups: groups without a hint, with a prior, of which an answer could be judged [groups]
--   problems: problems that they are of [problems]
--   prior: their mean prior [share]
--   accuracy: mean of the groups' accuracies [share]
--   difference: mean of accuracy - prior, above 0 where the policy is better than promised [share]
--   difference_error: standard error of difference where the prior holds [share]
--   deviations: difference in standard errors, null without any [number]
--   is_off: whether the prior is off beyond chance: more than 3.3 standard errors
--   absolute_difference: mean of the difference's size [share]
--   correlation: correlation of prior and accuracy over the groups [number]
--   brier: mean squared error of the prior as the probability that a completion is right [number]
--   brier_of_mean: the same of the groups' own mean accuracy in its place [number]
--   brier_by_chance: brier that is expected where the prior holds [number]
--   skill: 1 - brier / brier_of_mean: 1 foresees every answer, 0 is no better than the mean [number]
--   skill_by_chance: skill that is expected where the prior holds: 1 - brier_by_chance / brier_of_mean [number]
--   reliability: part of brier that is the prior's being off [number]
with judged as (
    select
        stg_groups.*,
        band(stg_groups.prior, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as band,
        least(floor(10 * stg_groups.prior), 9) as level,
        group_size - correct as wrong
    from stg_groups
    cross join parameters
    where stg_groups.prior is not null and stg_groups.group_size > 0 and not stg_groups.hinted
),

in_bands as (
    select * from judged
    union all
    select * replace ('all' as band) from judged
),

levels as (
    select
        stage_id,
        step_bucket,
        band,
        level,
        sum(group_size) as completions,
        sum(prior * group_size) / sum(group_size) as prior,
        sum(correct) / sum(group_size) as accuracy
    from in_bands
    group by all
),

reliabilities as (
    select
        stage_id,
        step_bucket,
        band,
        sum(completions * (prior - accuracy) ** 2) / sum(completions) as reliability
    from levels
    group by all
),

errors as (
    select stage_id, step_bucket, band, sqrt(sum(off ** 2)) as of_sum
    from (select stage_id, step_bucket, band, problem_id, sum(accuracy - prior) as off from in_bands group by all) as by_problem
    group by all
),

scores as (
    select
        stage_id,
        step_bucket,
        band,
        min(step) as first_step,
        max(step) as last_step,
        count(*) as groups,
        count(distinct problem_id) as problems,
        avg(prior) as prior,
        avg(accuracy) as accuracy,
        avg(accuracy - prior) as difference,
        avg(abs(accuracy - prior)) as absolute_difference,
        case when min(prior) < max(prior) and min(accuracy) < max(accuracy) then corr(prior, accuracy) end as correlation,
        sum(correct * (1 - prior) ** 2 + wrong * prior ** 2) / sum(group_size) as brier,
        sum(group_size * prior * (1 - prior)) / sum(group_size) as brier_by_chance,
        sum(correct) / sum(group_size) * (1 - sum(correct) / sum(group_size)) as brier_of_mean
    from in_bands
    group by stage_id, step_bucket, band
)

select
    scores.*,
    errors.of_sum / scores.groups as difference_error,
    scores.difference / nullif(difference_error, 0) as deviations,
    coalesce(abs(deviations) > 3.3, false) as is_off,
    1 - scores.brier / nullif(scores.brier_of_mean, 0) as skill,
    1 - scores.brier_by_chance / nullif(scores.brier_of_mean, 0) as skill_by_chance,
    reliabilities.reliability
from scores
join errors using (stage_id, step_bucket, band)
join reliabilities using (stage_id, step_bucket, band)
order by scores.stage_id, scores.step_bucket, scores.prior
