-- u_shape: whether the accuracies pile up at both ends: a Beta-binomial fit with both parameters below 1
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: outcome_counts, beta_binomial_fits
-- parameters: none
-- beta_binomial_fits is made by tasks/difficulty/fit.py; alpha and beta are null where the counts fix no shape, and is_u is then false
with outcomes as (
    select
        dataset,
        split,
        policy_id,
        sampling_id,
        grader_id,
        sum(problems)::bigint as problems,
        sum(problems) filter (where k = 0) / sum(problems) as never_share,
        sum(problems) filter (where k = n) / sum(problems) as always_share
    from outcome_counts
    group by all
)

select
    outcomes.dataset,
    outcomes.split,
    outcomes.policy_id,
    outcomes.sampling_id,
    outcomes.grader_id,
    outcomes.problems,
    coalesce(outcomes.never_share, 0) as never_share,
    coalesce(outcomes.always_share, 0) as always_share,
    fits.alpha,
    fits.beta,
    fits.log_likelihood,
    coalesce(fits.alpha < 1 and fits.beta < 1, false) as is_u
from outcomes
left join beta_binomial_fits as fits using (dataset, split, policy_id, sampling_id, grader_id)
order by dataset, split, policy_id, sampling_id, grader_id
