-- stg_groups: online GRPO groups, each with its tenth of the stage's steps and whether it could teach anything
-- grain: stage_id x step x problem_id x hinted; a problem drawn twice in one step has two rows of a kind
-- inputs: groups, artifacts
-- materialized: view
-- parameters: none
-- invariants: sql/checks/groups_add_up
-- columns:
--   hinted: whether the prompt carried a difficulty hint; of a stage that wrote nothing down, false where its settings give none, else null
--   group_size: responses in the group, `G` in groups [samples]
--   is_zero_signal: whether all of its responses were right, or none, so that it teaches nothing
--   step_bucket: tenth of the stage that the step lies in, the first is 0 [number]
with stages as (
    select artifact_id as stage_id, manifest ->> '$.settings.hints' <> 'false' as hints
    from artifacts
    where kind = 'stages'
)

select
    stage_id,
    step::bigint as step,
    problem_id,
    coalesce(groups.hinted, case when not stages.hints then false end) as hinted,
    g::bigint as group_size,
    correct::bigint as correct,
    accuracy::double as accuracy,
    prior::double as prior,
    weight::double as weight,
    advantage_mean::double as advantage_mean,
    advantage_std::double as advantage_std,
    correct in (0, g) as is_zero_signal,
    floor(10 * (step - min(step) over stage) / (max(step) over stage - min(step) over stage + 1))::bigint as step_bucket
from groups
left join stages using (stage_id)
window stage as (partition by stage_id)
