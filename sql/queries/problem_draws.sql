-- problem_draws: the steps that drew a problem, what it was drawn for, what was expected of it, and what came
-- grain: stage_id x step x place; without a place in stages that go through their set in an order
-- inputs: selections, stg_groups, stg_hints, stg_policies, artifacts
-- parameters: $id of the problem
with in_order as (
    select
        stg_groups.stage_id,
        step,
        null as place,
        coalesce(artifacts.manifest ->> '$.settings.order', 'shuffled') as why,
        null as p_mean,
        null as p_deviation,
        null as signal,
        correct,
        group_size as judged,
        true as learnt,
        hinted
    from stg_groups
    left join artifacts on artifacts.kind = 'stages' and artifacts.artifact_id = stg_groups.stage_id
    where problem_id = $id and stg_groups.stage_id not in (select stage_id from selections)
)

select coalesce(policy, drawn.stage_id) as policy, drawn.* exclude (hinted), stg_hints.hint
from (
    select stage_id, step, place, why, p_mean, p_deviation, signal, correct, judged, learnt, learnt as hinted
    from selections
    where problem_id = $id
    union all
    from in_order
) as drawn
left join stg_policies using (stage_id)
left join stg_hints on stg_hints.stage_id = drawn.stage_id and stg_hints.step = drawn.step and stg_hints.problem_id = $id and hinted
order by drawn.stage_id, step, place
