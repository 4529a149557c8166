-- pass_at_k: the share of a profile's problems that one of `draws` samples solves, as their posteriors have it
-- grain: dataset x split x policy_id x sampling_id x grader_id x draws
-- inputs: outcome_counts, posteriors, priors, stg_versions, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals); the numbers of draws stand below, those up to twice the largest n are given
-- invariants: over all measured problems pass rises with draws
-- every measured problem counts, whatever its n: an unbiased estimate needs `draws` samples, and under adaptive rounds which problems have so
-- many depends on how they came out. A panel has none: its next answer would be another model's
-- intervals are over problems like these: the variance of a problem's pass, within posteriors and between their means, over the share of it
-- that its samples tell (between / all), so that few samples make it wide; where all problems came out alike nothing tells, and it is [0, 1].
-- They take problems for unlike each other, so they are null where some of the dataset are versions of one (columns.cluster)
-- columns:
--   draws: samples that one may try, the k of pass@k [samples]
--   problems: measured problems of the profile [problems]
--   pass: mean over them of the expected chance that one of the draws is right [share]
--   pass_low: lower end of its interval [share]
--   pass_high: upper end of its interval [share]
--   is_extrapolated: whether no problem has so many samples, so that the form of the prior says what more draws would give
with passes as (
    select
        outcomes.dataset,
        outcomes.split,
        outcomes.policy_id,
        outcomes.sampling_id,
        outcomes.grader_id,
        outcomes.n,
        outcomes.problems,
        tried.draws,
        1 - posteriors.p_none[tried.draws] as pass,
        greatest(posteriors.p_none[2 * tried.draws] - posteriors.p_none[tried.draws] ** 2, 0) as variance
    from outcome_counts as outcomes
    inner join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
    inner join priors using (dataset, split, policy_id, sampling_id, grader_id)
    cross join (select unnest([1, 2, 4, 8, 16, 32, 64]::bigint[]) as draws) as tried
    where priors.component = 0 and priors.kind <> 'panel'
),

summed as (
    select
        dataset,
        split,
        policy_id,
        sampling_id,
        grader_id,
        draws,
        sum(problems)::bigint as problems,
        sum(problems * pass) / sum(problems) as pass,
        sum(problems * variance) / sum(problems) as within,
        greatest(sum(problems * pass * pass) / sum(problems) - (sum(problems * pass) / sum(problems)) ** 2, 0)
            * sum(problems) / nullif(sum(problems) - 1, 0) as between_means,
        max(n) as most
    from passes
    group by all
),

estimated as (
    select
        *,
        case when between_means > 1e-12 then z * (between_means + within) / sqrt(between_means * problems) else 1 end as margin
    from summed
    cross join parameters
    where draws <= 2 * most
)

select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    draws,
    problems,
    pass,
    case when is_clustered is null then greatest(pass - margin, 0) end as pass_low,
    case when is_clustered is null then least(pass + margin, 1) end as pass_high,
    draws > most as is_extrapolated
from estimated
left join (select distinct dataset, split, true as is_clustered from stg_versions) as clustered using (dataset, split)
order by dataset, split, policy_id, sampling_id, grader_id, draws
