-- lineage: what every artifact was made from, one step back
-- grain: kind x id x from_kind x from_id
-- inputs: artifacts, policies
-- materialized: table
-- parameters: none
-- invariants: no artifact is made from itself
-- columns:
--   kind: kind of what was made: profiles, graded, difficulty, stops, curated, stages, policies, evaluations, audits or reports
--   id: its id (of an artifact the name of its folder)
--   from_kind: kind of what it was made from: one of these, or problems, samplings or graders
--   from_id: its id
with manifests as (
    select kind, artifact_id as id, manifest from artifacts
),

single as (
    select kind, id, 'policies' as from_kind, manifest ->> '$.policy_id' as from_id from manifests where kind in ('profiles', 'difficulty')
    union all
    select kind, id, 'samplings', manifest ->> '$.sampling_id' from manifests where kind in ('profiles', 'difficulty')
    union all
    select kind, id, 'graders', manifest ->> '$.grader_id' from manifests where kind in ('graded', 'difficulty', 'stages')
    union all
    select kind, id, 'stops', manifest ->> '$.stops' from manifests where kind in ('profiles', 'difficulty')
    union all
    select kind, id, 'stages', manifest ->> '$.stage_id' from manifests where kind = 'stops'
    union all
    select kind, id, 'difficulty', manifest ->> '$.hints_from' from manifests where kind = 'profiles'
    union all
    select kind, id, 'profiles', manifest ->> '$.profile' from manifests where kind = 'graded'
    union all
    select kind, id, 'graded', manifest ->> '$.graded' from manifests where kind in ('difficulty', 'stops')
    union all
    select kind, id, 'difficulty', manifest ->> '$.difficulty' from manifests where kind = 'curated'
    union all
    select kind, id, 'difficulty', manifest ->> '$.earlier' from manifests where kind = 'curated'
    union all
    select kind, id, 'stages', manifest ->> '$.trained' from manifests where kind = 'curated'
    union all
    select kind, id, 'curated', manifest ->> '$.curated' from manifests where kind = 'stages'
    union all
    select kind, id, 'policies', manifest ->> '$.parent' from manifests where kind = 'stages'
    union all
    select kind, id, 'evaluations', manifest ->> '$.evaluation' from manifests where kind = 'reports'
    union all
    select 'policies', policy_id, 'stages', nullif(stage_id, '') from policies
),

listed as (
    select kind, id, 'problems' as from_kind, unnest((manifest -> '$.problems')::varchar[]) as from_id
    from manifests
    where kind in ('profiles', 'curated')
    union all
    select kind, id, 'graded', unnest((manifest -> '$.graded')::varchar[])
    from manifests
    where kind = 'evaluations'
    union all
    select kind, id, 'policies', unnest(manifest ->> '$.arms[*].policy_id')
    from manifests
    where kind = 'evaluations'
    union all
    select kind, id, 'graders', unnest((manifest -> '$.graders')::varchar[])
    from manifests
    where kind = 'audits'
)

select distinct kind, id, from_kind, from_id
from (from single union all from listed) as edges
where from_id is not null
order by all
