-- power_scores: how well each run of the newest study of a name does, with how much of its spread is that of few samples a problem
-- grain: study_id x arm x seed
-- inputs: study_scores, study_comparisons, artifacts, studies, evaluations
-- parameters: $recipe (only the one of this name; null for all)
with named as (
    select
        scores.*,
        coalesce(artifacts.manifest ->> '$.name', scores.study_id) as study,
        dense_rank() over (
            partition by coalesce(artifacts.manifest ->> '$.name', scores.study_id)
            order by artifacts.made_at desc nulls last, scores.study_id
        ) as age
    from study_scores as scores
    left join artifacts on artifacts.kind = 'studies' and scores.study_id = artifacts.artifact_id
),

sampled as (
    select
        studies.study_id,
        studies.arm,
        studies.seed,
        avg(evaluations.k * (evaluations.n - evaluations.k) / (evaluations.n ** 2 * (evaluations.n - 1)))
        / count(*) as sampling_variance
    from studies
    inner join evaluations using (evaluation_id, policy_id)
    where not evaluations.hints and evaluations.n > 1
    group by all
),

families as (
    select
        study_id,
        max(family_size) filter (where family = 'primary') as primary_comparisons,
        max(family_size) filter (where family = 'exploratory') as all_comparisons
    from study_comparisons
    group by study_id
)

select
    named.study,
    named.study_id,
    named.arm,
    named.place,
    named.is_baseline,
    named.seed,
    named.problems,
    named.accuracy,
    named.completions,
    sampled.sampling_variance,
    families.primary_comparisons,
    families.all_comparisons
from named
left join sampled using (study_id, arm, seed)
left join families using (study_id)
where age = 1 and ($recipe is null or study = $recipe)
order by study, place, seed
