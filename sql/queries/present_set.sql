-- present_set: what a stage has now: its problems in the newest set that was chosen from a profile
-- grain: problem_id
-- inputs: stg_curated, artifacts, runs
-- parameters: $stage; $policy_id and $sampling_id of the profile
with chosen_in as (
    select started, unnest(sets) as artifact_id
    from runs
)

select set_id, problem_id
from stg_curated
where stage = $stage and set_id = (
    select arg_max(artifact_id, (coalesce(started, '-infinity'::timestamp), written_at))
    from artifacts
    left join chosen_in using (artifact_id)
    where
        kind = 'curated'
        and manifest ->> '$.policy_id' = $policy_id
        and manifest ->> '$.sampling_id' = $sampling_id
        and (manifest -> '$.stages' ->> $stage) is not null
)
