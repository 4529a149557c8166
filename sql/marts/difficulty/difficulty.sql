-- difficulty: how hard each problem is for each policy: the raw counts, and beside them what they say of the true accuracy p
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: problem_counts, posteriors
-- materialized: view
-- parameters: none; those of problem_counts and posteriors
-- invariants: sql/checks/estimates_are_sound, passes_rise; estimates are null exactly where n is 0
-- k, n, accuracy and band are the raw counts; the columns p_, pass_ and signal_ are estimates by the posterior of p under the prior of the
-- profile's problems (tasks/estimates/posterior.py), and hold under adaptive rounds too. Average and decide by these
-- of a policy that was profiled anew by `reprofile` with source auto, only those problems are here that its stage had not answered lately, and
-- they are no fair part of all; what training's own groups say of the others stands in the run's report alone (flows/README.md)
-- columns:
--   rounds: rounds whose first sample was graded [rounds]
--   n: samples that count: correct, incorrect or unparseable [samples]
--   k: of these, correct ones [samples]
--   unparseable: samples in which no answer was found; they count as wrong [samples]
--   timeouts: samples that could not be judged in time; they do not count [samples]
--   unscorable: samples whose gold answer cannot be compared with; they do not count [samples]
--   accuracy: k / n, the raw share, null where nothing counts [share]
--   accuracy_low: lower end of Wilson's interval of the accuracy [share]
--   accuracy_high: upper end of it [share]
--   band: hopeless, hard, medium, easy or trivial, by the raw share
--   p_mean: mean of p: the chance that one more sample is right [share]
--   p_low: lower end of the shortest interval that holds p with the settings' confidence; 0 where p piles up there [share]
--   p_high: upper end of it [share]
--   p_variance: variance of p [number]
--   p_hopeless: chance that p lies in the band hopeless [share]
--   p_hard: chance that it lies in the band hard [share]
--   p_medium: chance that it lies in the band medium [share]
--   p_easy: chance that it lies in the band easy [share]
--   p_trivial: chance that it lies in the band trivial [share]
--   p_band: the most probable band
--   pass_2: expected chance that one of 2 samples is right (pass@2); pass@1 is p_mean [share]
--   pass_4: expected chance that one of 4 samples is right [share]
--   pass_8: expected chance that one of 8 samples is right [share]
--   pass_16: expected chance that one of 16 samples is right [share]
--   signal_4: expected chance that a group of 4 is neither all right nor all wrong, and so teaches [share]
--   signal_8: the same of a group of 8 [share]
--   signal_16: the same of a group of 16 [share]
select
    counts.*,
    posteriors.p_mean,
    posteriors.p_low,
    posteriors.p_high,
    posteriors.p_variance,
    posteriors.p_hopeless,
    posteriors.p_hard,
    posteriors.p_medium,
    posteriors.p_easy,
    posteriors.p_trivial,
    posteriors.p_band,
    1 - posteriors.p_none[2] as pass_2,
    1 - posteriors.p_none[4] as pass_4,
    1 - posteriors.p_none[8] as pass_8,
    1 - posteriors.p_none[16] as pass_16,
    1 - p_zero_signal(p_none, p_all, 4) as signal_4,
    1 - p_zero_signal(p_none, p_all, 8) as signal_8,
    1 - p_zero_signal(p_none, p_all, 16) as signal_16
from problem_counts as counts
left join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
