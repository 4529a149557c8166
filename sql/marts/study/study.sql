-- study: the arms of a study: held-out accuracy over seeds, and what each arm gains over the baseline and over the arm it adds to
-- grain: study_id x arm
-- inputs: study_scores, study_comparisons, t_quantiles
-- materialized: table
-- parameters: none
-- invariants: one row per arm of a study; differences are null for the baseline
-- differences are paired by seed, intervals Student's t over as many differences: they say what other seeds would give on the same held-out
-- problems, each looked at alone; what holds for all comparisons together stands in study_comparisons, as the p-values here do
-- t_quantiles is made by tasks/estimates/intervals.py: the t quantile of the intervals' confidence for each number of seeds
-- runs of an arm whose tokens differ from the baseline's by more than a twentieth, and those whose gradient was clipped on more than a fifth
-- of the steps, are compared as they are; whoever reads the table is to see it
-- columns:
--   learning_rate: learning rate of all stages, as the arm's grid chose it, null without a grid [number]
--   seeds: runs that could be evaluated [seeds]
--   problems: held-out problems [problems]
--   accuracy: mean over the seeds of avg@k without hints [share]
--   accuracy_low: lower end of its interval over seeds [share]
--   accuracy_high: upper end of it [share]
--   accuracy_hinted: mean over the seeds of avg@k with hints [share]
--   difference: mean difference to the baseline, seed by seed [share]
--   difference_low: lower end of its interval [share]
--   difference_high: upper end of it [share]
--   p_value: that the difference is 0, family-wise over the comparisons of its family [probability]
--   gain: mean difference to the arm that it adds to, seed by seed [share]
--   gain_low: lower end of its interval [share]
--   gain_high: upper end of it [share]
--   gain_p_value: that the gain is 0, family-wise over the comparisons of its family [probability]
--   zero_signal_share: mean share of the problems drawn that taught nothing [share]
--   steps: training steps of a run [steps]
--   completions: completions of its steps [samples]
--   refills: mean of the completions drawn beside these [samples]
--   profile_completions: mean of those drawn offline that the arm could not do without [samples]
--   tokens: mean of the tokens read and written, offline and in training [tokens]
--   tokens_ratio: these beside the baseline's [ratio]
--   generated_tokens: mean of those of them that were generated [tokens]
--   generated_ratio: these beside the baseline's [ratio]
--   gradient_clipped_share: mean share of steps whose gradient was scaled down to `max_grad_norm` [share]
--   later_difference: mean accuracy less its prior in the first tenth of the stages after the first, null for one stage [share]
--   later_zero_signal_share: mean share of the problems drawn in these stages that taught nothing, null for one stage [share]
with scores as (
    select * from study_scores
),

comparisons as (
    select * from study_comparisons
),

baselines as (
    select study_id, arm as baseline, avg(tokens) as tokens, avg(generated_tokens) as generated_tokens
    from scores
    where is_baseline
    group by study_id, arm
),

summed as (
    select
        study_id,
        arm,
        any_value(about) as about,
        any_value(place) as place,
        any_value(adds_to) as adds_to,
        bool_or(is_baseline) as is_baseline,
        any_value(learning_rate) as learning_rate,
        count(accuracy) as seeds,
        max(problems) as problems,
        avg(accuracy) as accuracy,
        stddev_samp(accuracy) / sqrt(count(accuracy)) as accuracy_error,
        avg(accuracy_hinted) as accuracy_hinted,
        avg(zero_signal_share) as zero_signal_share,
        max(steps) as steps,
        max(completions) as completions,
        avg(refills) as refills,
        avg(profile_completions) as profile_completions,
        avg(tokens) as tokens,
        avg(generated_tokens) as generated_tokens,
        avg(gradient_clipped_share) as gradient_clipped_share,
        avg(later_difference) as later_difference,
        avg(later_zero_signal_share) as later_zero_signal_share
    from scores
    group by study_id, arm
)

select
    summed.study_id,
    summed.arm,
    summed.about,
    summed.place,
    summed.adds_to,
    summed.is_baseline,
    summed.learning_rate,
    summed.seeds,
    summed.problems,
    summed.accuracy,
    summed.accuracy - t * summed.accuracy_error as accuracy_low,
    summed.accuracy + t * summed.accuracy_error as accuracy_high,
    summed.accuracy_hinted,
    to_baseline.difference,
    to_baseline.difference_low,
    to_baseline.difference_high,
    to_baseline.family_p_value as p_value,
    part.difference as gain,
    part.difference_low as gain_low,
    part.difference_high as gain_high,
    part.family_p_value as gain_p_value,
    summed.zero_signal_share,
    summed.steps,
    summed.completions,
    summed.refills,
    summed.profile_completions,
    summed.tokens,
    summed.tokens / baselines.tokens as tokens_ratio,
    summed.generated_tokens,
    summed.generated_tokens / baselines.generated_tokens as generated_ratio,
    summed.gradient_clipped_share,
    summed.later_difference,
    summed.later_zero_signal_share
from summed
left join t_quantiles using (seeds)
left join baselines using (study_id)
left join comparisons as to_baseline
    on summed.study_id = to_baseline.study_id
    and summed.arm = to_baseline.arm
    and baselines.baseline = to_baseline.against
left join comparisons as part
    on summed.study_id = part.study_id
    and summed.arm = part.arm
    and summed.adds_to = part.against
order by summed.study_id, summed.place
