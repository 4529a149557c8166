-- stg_hints: the band whose hint a problem's prompt carried in a step of training
-- grain: stage_id x step x problem_id; groups with a hint only
-- inputs: stg_groups, stg_curated, selections, artifacts
-- materialized: view
-- parameters: none
-- invariants: none
-- A stage with `hints: live` goes by the accuracy that its estimate expected when the step began, all others by the band of their set
-- columns:
--   hint: band whose hint the prompt carried, null where its set is gone
--   stored_band: band that the problem has in the stage's set, null without a profile or where the set is gone
--   is_live: whether the hint went by the stage's own estimate
with stages as (
    select
        artifact_id as stage_id,
        manifest ->> '$.stage' as stage,
        manifest ->> '$.curated' as set_id,
        coalesce(manifest ->> '$.settings.hints' = 'live', false) as is_live,
        (manifest ->> '$.bands.low')::double as low,
        (manifest ->> '$.bands.hard_below')::double as hard_below,
        (manifest ->> '$.bands.medium_below')::double as medium_below,
        (manifest ->> '$.bands.high')::double as high
    from artifacts
    where kind = 'stages'
),

hinted as (
    select distinct stage_id, step, problem_id from stg_groups where hinted
)

select
    hinted.stage_id,
    hinted.step,
    hinted.problem_id,
    case when is_live then band(selections.p_mean, low, hard_below, medium_below, high) else stg_curated.band end as hint,
    stg_curated.band as stored_band,
    is_live
from hinted
inner join stages using (stage_id)
left join stg_curated
    on stg_curated.set_id = stages.set_id and stg_curated.stage = stages.stage and stg_curated.problem_id = hinted.problem_id
left join selections
    on
        selections.stage_id = hinted.stage_id
        and selections.step = hinted.step
        and selections.problem_id = hinted.problem_id
