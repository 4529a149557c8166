-- study_spending: what each stage of a study's run spends, offline and in training
-- grain: study_id x arm x seed x place
-- inputs: stg_study_stages, stg_metrics
-- materialized: table
-- parameters: none
-- invariants: generated_tokens < tokens
-- what was drawn offline is spent before the stage that was chosen by it. Tokens that are read and written are prompts and completions, of
-- each completion both. Of responses drawn offline, and of refills, not all was counted: the former are taken to have prompts, the latter
-- to be answers, as long as those of the stage's steps are on average
-- columns:
--   place: place of the stage in the run, the first is 0 [number]
--   steps: its steps [steps]
--   completions: completions of these [samples]
--   refills: completions drawn beside them [samples]
--   profile_completions: completions drawn offline for it and for no stage before it [samples]
--   profile_tokens: tokens read and written for these [tokens]
--   profile_generated: tokens of these alone, without prompts [tokens]
--   training_tokens: tokens read and written in training, refills included [tokens]
--   training_generated: tokens generated in training, refills included [tokens]
with drawn as (
    select
        stages.stage_id,
        metrics.step,
        any_value(stages.completions / stages.steps) as batch,
        max(metrics.value) filter (where metrics.name = 'completions/mean_length') as mean_length,
        coalesce(max(metrics.value) filter (where metrics.name = 'refill/completions'), 0) as refills,
        max(metrics.value) filter (where metrics.name = 'num_tokens') as tokens
    from (select distinct stage_id, steps, completions from stg_study_stages) as stages
    inner join stg_metrics as metrics using (stage_id)
    where metrics.name in ('completions/mean_length', 'refill/completions', 'num_tokens')
    group by stages.stage_id, metrics.step
),

trained as (
    select
        stage_id,
        max(tokens) as tokens,
        sum(refills) as refills,
        sum(mean_length * (batch + refills)) as generated,
        sum(batch + refills) filter (where mean_length is not null) as completions
    from drawn
    group by stage_id
)

select
    stages.study_id,
    stages.arm,
    stages.seed,
    stages.place,
    stages.stage_id,
    stages.steps,
    stages.completions,
    coalesce(trained.refills, 0)::bigint as refills,
    stages.profile_completions,
    case
        when stages.profile_completions = 0 then 0
        else stages.profile_tokens + stages.profile_completions * (trained.tokens - trained.generated) / trained.completions
    end::bigint as profile_tokens,
    stages.profile_tokens as profile_generated,
    trained.tokens::bigint as training_tokens,
    trained.generated::bigint as training_generated
from stg_study_stages as stages
left join trained using (stage_id)
order by stages.study_id, stages.arm, stages.seed, stages.place
