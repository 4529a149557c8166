-- current_profiles: what each recipe has asked whom, and who judged it, as of now: the answers of its newest run, without hints
-- grain: recipe x policy_id x sampling_id x grader_id x problems_id
-- inputs: runs, run_steps, artifacts, stg_policies, stg_samplings
-- materialized: table
-- parameters: none
-- draws that only find the bands of hints on held-out problems are left out: the problem counts by those that policies are compared by
-- invariants: of an answer there is one grader: the one that judged last for this recipe, in a run of it, in its regrading, or in one of all
-- columns:
--   policy: what the recipe calls the policy: base, its stages, or a panel's name
--   run_id: the recipe's newest run
--   policy_id: policy that was asked
--   sampling_id: way of sampling
--   grader_id: the grader that judged last for the recipe
--   problems_id: the artifact with the problems that were asked, `artifact_id` in ingested
with profiles as (
    select
        runs.recipe,
        runs.run_id,
        profiles.artifact_id as profile_id,
        profiles.manifest ->> '$.policy_name' as policy,
        profiles.manifest ->> '$.policy_id' as policy_id,
        profiles.manifest ->> '$.sampling_id' as sampling_id,
        unnest((profiles.manifest -> '$.problems')::varchar[]) as problems_id
    from runs
    inner join run_steps as steps on runs.run_id = steps.run_id and steps.kind = 'profiles'
    inner join artifacts as profiles on profiles.kind = 'profiles' and steps.artifact_id = profiles.artifact_id
    where runs.is_newest
),

gradings as (
    select
        steps.recipe,
        steps.started,
        steps.place,
        graded.manifest ->> '$.profile' as profile_id,
        graded.manifest ->> '$.grader_id' as grader_id
    from run_steps as steps
    inner join artifacts as graded on graded.kind = 'graded' and steps.artifact_id = graded.artifact_id
    where steps.kind = 'graded'
),

judged as (
    select profiles.*, gradings.grader_id
    from profiles
    inner join gradings on profiles.profile_id = gradings.profile_id and gradings.recipe in (profiles.recipe, '')
    qualify
        row_number() over (
            partition by profiles.recipe, profiles.profile_id, profiles.problems_id
            order by gradings.started desc, gradings.place desc
        ) = 1
)

select distinct
    judged.recipe,
    judged.run_id,
    coalesce(judged.policy, stg_policies.name, judged.policy_id) as policy,
    judged.policy_id,
    judged.sampling_id,
    judged.grader_id,
    judged.problems_id
from judged
left join stg_policies using (policy_id)
left join stg_samplings using (sampling_id)
where not coalesce(stg_samplings.hints, false) and not coalesce(stg_samplings.for_bands, false)
order by all
