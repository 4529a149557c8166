-- study_scores: how well each run of a study does on the held-out problems, and what it cost
-- grain: study_id x arm x seed
-- inputs: stg_studies, stg_study_stages, stg_evaluations, stg_groups, stg_metrics
-- materialized: table
-- parameters: none
-- invariants: a run has a row, evaluated or not
-- accuracy is avg@k without hints, every problem counting once, accuracy_hinted with hints (null where the arm was not evaluated so);
-- tokens are prompts and completions seen in training (null for an arm that does not train), refills completions drawn beside the steps'
-- columns:
--   problems: held-out problems of the evaluation [problems]
--   accuracy: avg@k without hints, every problem counting once [share]
--   accuracy_hinted: the same with hints, null where the arm was not evaluated so [share]
--   steps: training steps, 0 for an arm that does not train [steps]
--   completions: completions of its steps [samples]
--   refills: completions drawn beside these [samples]
--   tokens: tokens seen in training, null for an arm that does not train [tokens]
--   zero_signal_share: groups that taught nothing [share]
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

trained as (
    select
        stage_id,
        max(value) filter (where name = 'num_tokens') as tokens,
        sum(value) filter (where name = 'refill/completions') as refills
    from stg_metrics
    group by stage_id
),

signals as (
    select
        stage_id,
        count(*) as groups,
        count(*) filter (where is_zero_signal) as zero_signal_groups
    from stg_groups
    group by stage_id
),

costs as (
    select
        study_id,
        arm,
        seed,
        sum(steps)::bigint as steps,
        sum(completions)::bigint as completions,
        coalesce(sum(refills), 0)::bigint as refills,
        sum(tokens)::bigint as tokens,
        sum(zero_signal_groups) / sum(groups) as zero_signal_share
    from stg_study_stages
    left join trained using (stage_id)
    left join signals using (stage_id)
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
    accuracies.problems,
    accuracies.accuracy,
    accuracies.accuracy_hinted,
    coalesce(costs.steps, 0) as steps,
    coalesce(costs.completions, 0) as completions,
    coalesce(costs.refills, 0) as refills,
    studies.profile_completions,
    costs.tokens,
    costs.zero_signal_share
from stg_studies as studies
left join accuracies using (evaluation_id, policy_id)
left join costs using (study_id, arm, seed)
order by studies.study_id, studies.place, studies.seed
