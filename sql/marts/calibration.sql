-- calibration: what the offline prior promised against what the online groups showed
-- grain: stage_id x step_bucket (tenth of the stage, 0 first) x band of the prior; band 'all' is over all bands
-- inputs: stg_groups, parameters
-- parameters: parameters.low, hard_below, medium_below, high (edges of the bands)
with groups as (
    select
        stg_groups.*,
        band(stg_groups.prior, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as prior_band
    from stg_groups
    cross join parameters
    where stg_groups.prior is not null
)

select
    stage_id,
    step_bucket,
    coalesce(prior_band, 'all') as band,
    min(step) as first_step,
    max(step) as last_step,
    count(*) as groups,
    avg(prior) as prior,
    avg(accuracy) as accuracy,
    avg(accuracy - prior) as difference,
    avg(abs(accuracy - prior)) as absolute_difference
from groups
group by grouping sets ((stage_id, step_bucket, prior_band), (stage_id, step_bucket))
order by stage_id, step_bucket, prior
