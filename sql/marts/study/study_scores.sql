-- study_scores: how well each run of a study does on the held-out problems, what it cost, and whether it may be compared
-- grain: study_id x arm x seed
-- inputs: stg_studies, stg_study_stages, study_spending, stg_evaluations, stg_groups, stg_group_draws, stg_metrics
-- materialized: table
-- parameters: none
-- invariants: a run has a row, evaluated or not
-- accuracy is avg@k without hints, every problem counting once, accuracy_hinted with hints (null where the arm was not evaluated so);
-- tokens are those of study_spending; what was not measured is null, as all that is about training is for an arm that does not train
-- columns:
--   learning_rate: learning rate of all stages, as the arm's grid chose it, null without a grid [number]
--   problems: held-out problems of the evaluation [problems]
--   accuracy: avg@k without hints, every problem counting once [share]
--   accuracy_hinted: the same with hints, null where the arm was not evaluated so [share]
--   steps: training steps, 0 for an arm that does not train [steps]
--   completions: completions of its steps [samples]
--   refills: completions drawn beside these [samples]
--   profile_completions: completions drawn offline that the arm could not do without [samples]
--   tokens: tokens read and written, those of responses drawn offline included [tokens]
--   generated_tokens: of these, those that were generated [tokens]
--   zero_signal_share: problems drawn of which no group could teach, all right or all wrong; see stg_group_draws [share]
--   gradient_clipped_share: steps whose gradient was scaled down to `max_grad_norm`; on many of them, weights are hardly told apart [share]
--   later_difference: mean accuracy less its prior in the first tenth of the stages after the first, without hinted groups; far from 0, the set is stale [share]
--   later_zero_signal_share: problems drawn in these stages of which no group could teach [share]
with accuracies as (
    select
        evaluation_id,
        policy_id,
        avg(accuracy) filter (where not hints) as accuracy,
        avg(accuracy) filter (where hints) as accuracy_hinted,
        count(accuracy) filter (where not hints) as problems
    from stg_evaluations
    group by all
),

costs as (
    select
        study_id,
        arm,
        seed,
        sum(steps)::bigint as steps,
        sum(completions)::bigint as completions,
        sum(refills)::bigint as refills,
        case when count(profile_tokens) = count(*) then sum(profile_tokens + training_tokens) end::bigint as tokens,
        case when count(profile_generated) = count(*) then sum(profile_generated + training_generated) end::bigint as generated_tokens
    from study_spending
    group by all
),

signals as (
    select
        stages.study_id,
        stages.arm,
        stages.seed,
        avg(draws.is_zero_signal::int) as zero_signal_share,
        avg(draws.is_zero_signal::int) filter (where stages.place > 0) as later_zero_signal_share
    from stg_study_stages as stages
    inner join stg_group_draws as draws using (stage_id)
    group by all
),

begun as (
    select
        stages.study_id,
        stages.arm,
        stages.seed,
        avg(groups.accuracy - groups.prior) filter (where stages.place > 0 and groups.step_bucket = 0 and not groups.hinted)
            as later_difference
    from stg_study_stages as stages
    inner join stg_groups as groups using (stage_id)
    group by all
),

clipped as (
    select
        stages.study_id,
        stages.arm,
        stages.seed,
        avg(metrics.value) as gradient_clipped_share
    from stg_study_stages as stages
    inner join stg_metrics as metrics using (stage_id)
    where metrics.name = 'gradient/clipped'
    group by all
)

select
    studies.study_id,
    studies.arm,
    studies.about,
    studies.place,
    studies.adds_to,
    studies.is_baseline,
    studies.seed,
    studies.learning_rate,
    accuracies.problems,
    accuracies.accuracy,
    accuracies.accuracy_hinted,
    coalesce(costs.steps, 0) as steps,
    coalesce(costs.completions, 0) as completions,
    coalesce(costs.refills, 0) as refills,
    studies.profile_completions,
    costs.tokens,
    costs.generated_tokens,
    signals.zero_signal_share,
    clipped.gradient_clipped_share,
    begun.later_difference,
    signals.later_zero_signal_share
from stg_studies as studies
left join accuracies using (evaluation_id, policy_id)
left join costs using (study_id, arm, seed)
left join signals using (study_id, arm, seed)
left join begun using (study_id, arm, seed)
left join clipped using (study_id, arm, seed)
order by studies.study_id, studies.place, studies.seed
