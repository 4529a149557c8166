-- u_shape: whether the accuracies pile up at both ends: a Beta-binomial fit with both parameters below 1, how sure that is, and whether it fits
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: outcome_counts, beta_binomial_fits, priors, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the test)
-- invariants: never_share + always_share <= 1; is_u where shape is u; a ratio is 0 or more
-- where one Beta does not describe the counts (kind `mixture` in priors, a likelihood comparison that survives stopping early), its parameters
-- say nothing, and the shape is a mixture and never a U, though 20% impossible problems beside a hump at Beta(6, 2) have both below 1
-- nothing is fitted to a panel, whose answers are other models' and no rounds of one policy
-- beta_binomial_fits is made by tasks/estimates/fit.py; alpha and beta are null where the counts fix no shape, and is_u is then false
-- a parameter surely differs from 1 where twice the drop of the log-likelihood on holding it at 1 exceeds z squared, that is, where its
-- profile likelihood interval leaves 1 out (Wilks 1938); flat counts have both estimates below 1 every third time or so, by chance alone
-- of a policy that was profiled anew by `reprofile` with source auto, only those problems are here that its stage had not answered lately, and
-- they are no fair part of all; what training's own groups say of the others stands in the run's report alone (flows/README.md)
-- columns:
--   problems: problems of which a sample counts [problems]
--   never_share: of them, those never solved [share]
--   always_share: of them, those always solved [share]
--   flat_ratio: likelihood ratio against a flat spread, as twice the difference of log-likelihoods [nats]
--   hump_ratio: likelihood ratio against the best single hump, both parameters 1 or more; 0 where the fit is one [nats]
--   u_ratio: likelihood ratio against the best spread that is no U; null where the fit is none [nats]
--   misfit_ratio: likelihood ratio of two Betas against one; above 7.81 one does not describe the counts [nats]
--   is_u: whether both fitted parameters are below 1, and one Beta describes the counts
--   shape: u, hump (both surely above 1), falling or rising (one surely below 1), flat (neither surely differs), unclear, mixture, panel
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
),

compared as (
    select
        *,
        greatest(2 * (log_likelihood - alpha_one_log_likelihood), 0) as alpha_ratio,
        greatest(2 * (log_likelihood - beta_one_log_likelihood), 0) as beta_ratio,
        greatest(2 * (log_likelihood - flat_log_likelihood), 0) as flat_ratio,
        greatest(2 * (log_likelihood - hump_log_likelihood), 0) as hump_ratio
    from beta_binomial_fits
),

judged as (
    select
        compared.*,
        priors.misfit as misfit_ratio,
        priors.kind = 'mixture' as is_mixture,
        compared.alpha < 1 and compared.beta < 1 and not is_mixture as is_u,
        alpha_ratio > z * z as alpha_differs,
        beta_ratio > z * z as beta_differs
    from compared
    inner join priors using (dataset, split, policy_id, sampling_id, grader_id)
    cross join parameters
    where priors.component = 0 and priors.kind <> 'panel'
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
    judged.alpha,
    judged.beta,
    judged.log_likelihood,
    judged.flat_ratio,
    judged.hump_ratio,
    judged.misfit_ratio,
    case when judged.is_u then least(judged.alpha_ratio, judged.beta_ratio) end as u_ratio,
    coalesce(judged.is_u, false) as is_u,
    case
        when priors.kind = 'panel' then 'panel'
        when judged.alpha is null then null
        when judged.is_mixture then 'mixture'
        when not judged.alpha_differs and not judged.beta_differs then 'flat'
        when judged.is_u and judged.alpha_differs and judged.beta_differs then 'u'
        when judged.alpha > 1 and judged.beta > 1 and judged.alpha_differs and judged.beta_differs then 'hump'
        when judged.alpha < 1 and judged.alpha_differs and judged.beta >= 1 then 'falling'
        when judged.beta < 1 and judged.beta_differs and judged.alpha >= 1 then 'rising'
        else 'unclear'
    end as shape
from outcomes
left join judged using (dataset, split, policy_id, sampling_id, grader_id)
left join priors
    on outcomes.dataset = priors.dataset
    and outcomes.split = priors.split
    and outcomes.policy_id = priors.policy_id
    and outcomes.sampling_id = priors.sampling_id
    and outcomes.grader_id = priors.grader_id
    and priors.component = 0
order by outcomes.dataset, outcomes.split, outcomes.policy_id, outcomes.sampling_id, outcomes.grader_id
