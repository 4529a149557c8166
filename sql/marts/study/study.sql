-- study: the arms of a study: held-out accuracy over seeds, and what each arm gains over the baseline and over the arm it adds to
-- grain: study_id x arm
-- inputs: study_scores, study_comparisons, t_quantiles
-- materialized: table
-- parameters: none
-- invariants: one row per arm of a study; differences are null for the baseline
-- differences are paired by seed, intervals Student's t over as many differences: they say what other seeds would give on the same held-out
-- problems, each looked at alone; what holds for all comparisons together stands in study_comparisons, as the p-values here do
-- t_quantiles is made by tasks/estimates/intervals.py: the t quantile of the intervals' confidence for each number of seeds
-- columns:
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
--   zero_signal_share: mean share of groups that taught nothing [share]
--   steps: training steps of a run [steps]
--   completions: completions of its steps [samples]
--   refills: mean of the completions drawn beside these [samples]
--   profile_completions: mean of those drawn to measure difficulty [samples]
--   tokens: mean of the tokens seen in training [tokens]
with scores as (
    select * from study_scores
),

comparisons as (
    select * from study_comparisons
),

baselines as (
    select distinct study_id, arm as baseline
    from scores
    where is_baseline
),

summed as (
    select
        study_id,
        arm,
        any_value(about) as about,
        any_value(place) as place,
        any_value(adds_to) as adds_to,
        bool_or(is_baseline) as is_baseline,
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
        avg(tokens) as tokens
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
    summed.tokens
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
