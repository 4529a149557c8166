-- study_curve: a run's accuracy on the validation problems as it trains, by what it has spent so far
-- grain: study_id x arm x seed x place x step
-- inputs: stg_studies, study_spending, stg_metrics
-- materialized: table
-- parameters: none
-- invariants: spending rises with the step
-- tokens are those of study_spending, of the stages before, of what was drawn offline for this one, and of this one up to the step;
-- completions are those of the steps; no row where a stage was not validated
-- columns:
--   arm_place: place of the arm in the study [number]
--   place: place of the stage in the run, the first is 0 [number]
--   step: step of the stage [number]
--   steps: steps of the run so far [steps]
--   completions: completions of these steps [samples]
--   tokens: tokens read and written so far, offline and in training [tokens]
--   accuracy: accuracy on the validation problems [share]
with stages as (
    select
        *,
        coalesce(sum(completions) over earlier, 0) as completions_before,
        coalesce(sum(coalesce(profile_tokens, 0) + training_tokens) over earlier, 0) + coalesce(profile_tokens, 0) as tokens_before,
        coalesce(sum(steps) over earlier, 0) as steps_before
    from study_spending
    window earlier as (
        partition by study_id, arm, seed
        order by place
        rows between unbounded preceding and 1 preceding
    )
),

validated as (
    select
        accuracy.stage_id,
        accuracy.step,
        accuracy.value as accuracy,
        coalesce(max(tokens.value), 0) as tokens
    from stg_metrics as accuracy
    left join stg_metrics as tokens
        on accuracy.stage_id = tokens.stage_id
        and tokens.name = 'num_tokens'
        and tokens.step <= accuracy.step
    where accuracy.name = 'validation/accuracy'
    group by accuracy.stage_id, accuracy.step, accuracy.value
)

select
    stages.study_id,
    stages.arm,
    studies.place as arm_place,
    stages.seed,
    stages.place,
    validated.step,
    (stages.steps_before + validated.step)::bigint as steps,
    (stages.completions_before + validated.step * stages.completions / stages.steps)::bigint as completions,
    (stages.tokens_before + validated.tokens)::bigint as tokens,
    validated.accuracy
from stages
inner join stg_studies as studies using (study_id, arm, seed)
inner join validated using (stage_id)
order by study_id, arm_place, seed, stages.place, step
