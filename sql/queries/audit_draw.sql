-- audit_draw: of each stratum the verdicts that the seed draws first, with all that a person needs who labels the response
-- grain: stratum x turn
-- inputs: judged_in_force, verdicts, rollouts, stg_problems
-- parameters: $recipe, empty for the whole lake; $seed; $kinds, a record of each kind of verdict: grader_id, policy_id, dataset, rule,
-- verdict, its stratum, how many are wanted of that, and reach: digests from that on are too late to be drawn
-- what is drawn depends on the responses and the seed alone, so that audits of two graders share most of their labels
with kinds as (
    select unnest($kinds, recursive := true)
),

judged as (
    select
        verdicts.*,
        judged_in_force.dataset,
        concat_ws(':', problem_id, gold_id, policy_id, sampling_id, round, sample) as response
    from verdicts
    inner join judged_in_force using (problem_id, gold_id, policy_id, sampling_id, grader_id)
    where recipe = $recipe
),

drawn as (
    select
        judged.*,
        kinds.stratum,
        row_number() over (partition by kinds.stratum order by md5(response || ':' || $seed), response) as turn
    from judged
    inner join kinds
        on judged.grader_id = kinds.grader_id
        and judged.policy_id = kinds.policy_id
        and judged.dataset = kinds.dataset
        and coalesce(judged.rule, '') = kinds.rule
        and judged.verdict = kinds.verdict
    where md5(response || ':' || $seed) < kinds.reach
    qualify turn <= kinds.wanted
)

select
    drawn.stratum,
    drawn.turn,
    'r' || left(md5(drawn.response), 15) as response_id,
    drawn.problem_id,
    drawn.policy_id,
    drawn.sampling_id,
    drawn.round,
    drawn.sample,
    drawn.gold_id,
    drawn.grader_id,
    drawn.dataset,
    coalesce(drawn.rule, '') as rule,
    drawn.verdict,
    drawn.extracted,
    rollouts.response,
    stg_problems.question,
    stg_problems.choices,
    stg_problems.answer,
    stg_problems.images
from drawn
left join rollouts using (problem_id, policy_id, sampling_id, round, sample)
left join stg_problems using (problem_id, gold_id, dataset)
qualify row_number() over (partition by drawn.stratum, drawn.turn order by stg_problems.split) = 1
order by drawn.stratum, drawn.turn
