-- candidates: the problems that a curation rule may choose from, with what was counted and what that says of their true accuracy p
-- grain: problem_id x policy_id x sampling_id x grader_id
-- inputs: candidate_counts, posteriors
-- materialized: view
-- parameters: none
-- invariants: sql/curation/ chooses from here only; n > 0; no problem is in gold_conflicts
-- a rule decides by p_between(p_cdf, low, high), p_mean, p_zero_signal(p_none, p_all, group_size), …; or by the raw accuracy, k / n
select
    counts.*,
    posteriors.p_mean,
    posteriors.p_variance,
    posteriors.p_low,
    posteriors.p_high,
    posteriors.p_hopeless,
    posteriors.p_hard,
    posteriors.p_medium,
    posteriors.p_easy,
    posteriors.p_trivial,
    posteriors.logit_mean,
    posteriors.logit_variance,
    posteriors.p_band,
    posteriors.p_none,
    posteriors.p_all,
    posteriors.p_cdf
from candidate_counts as counts
left join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
