-- study: the arms of a study: held-out accuracy over seeds, and what each arm gains over the baseline and over the arm it adds to
-- grain: study_id x arm
-- inputs: study_scores, t_quantiles
-- materialized: table
-- parameters: none
-- invariants: one row per arm of a study; differences are null for the baseline
-- differences are paired by seed, intervals Student's t over seeds: they say what another seed would give on the same held-out problems;
-- p_value is of the exact two-sided sign-flip test over seeds, whose least value is 2 / 2^seeds; null for the baseline's own row
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
--   p_value: of the sign-flip test that the difference is 0 [probability]
--   gain: mean difference to the arm that it adds to, seed by seed [share]
--   gain_low: lower end of its interval [share]
--   gain_high: upper end of it [share]
--   gain_p_value: of the sign-flip test that the gain is 0 [probability]
--   zero_signal_share: mean share of groups that taught nothing [share]
--   steps: training steps of a run [steps]
--   completions: completions of its steps [samples]
--   refills: mean of the completions drawn beside these [samples]
--   profile_completions: mean of those drawn to measure difficulty [samples]
--   tokens: mean of the tokens seen in training [tokens]
with scores as (
    select * from study_scores
),

paired as (
    select
        scores.*,
        case when not scores.is_baseline then scores.accuracy - baseline.accuracy end as difference,
        scores.accuracy - below.accuracy as gain
    from scores
    left join scores as baseline
        on scores.study_id = baseline.study_id
        and scores.seed = baseline.seed
        and baseline.is_baseline
    left join scores as below
        on scores.study_id = below.study_id
        and scores.seed = below.seed
        and scores.adds_to = below.arm
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
        mean_margin(accuracy, 1) as accuracy_error,
        avg(accuracy_hinted) as accuracy_hinted,
        avg(difference) as difference,
        mean_margin(difference, 1) as difference_error,
        sign_flip(list(difference order by seed) filter (where difference is not null)) as p_value,
        avg(gain) as gain,
        mean_margin(gain, 1) as gain_error,
        sign_flip(list(gain order by seed) filter (where gain is not null)) as gain_p_value,
        avg(zero_signal_share) as zero_signal_share,
        max(steps) as steps,
        max(completions) as completions,
        avg(refills) as refills,
        avg(profile_completions) as profile_completions,
        avg(tokens) as tokens
    from paired
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
    summed.difference,
    summed.difference - t * summed.difference_error as difference_low,
    summed.difference + t * summed.difference_error as difference_high,
    summed.p_value,
    summed.gain,
    summed.gain - t * summed.gain_error as gain_low,
    summed.gain + t * summed.gain_error as gain_high,
    summed.gain_p_value,
    summed.zero_signal_share,
    summed.steps,
    summed.completions,
    summed.refills,
    summed.profile_completions,
    summed.tokens
from summed
left join t_quantiles using (seeds)
order by study_id, place
