-- band_transitions: where the problems of a band are under another policy, beside what chance alone gives: the transition matrix of bands
-- grain: dataset x split x sampling_id x grader_id x policy_id x later_policy_id x band x later_band; cells without a problem are left out
-- inputs: pair_outcomes, changes_by_chance, stg_policies, stg_versions, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the interval), parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: sql/checks/transitions_add_up: a row of the matrix adds up to 1
-- "later" is just the second of the two: each pair is there both ways round. Only problems that both policies answered count, under the
-- same way of sampling and the same grader. Bands are those of the raw shares: by chance alone a third of the problems and more leave theirs
-- in 8 rounds, so compare share with share_by_chance (null where the counts fix no prior, or the second policy was not asked equally often)
-- Wilson's interval takes problems for unlike each other, so it is null where some of the dataset are versions of one (columns.cluster)
-- columns:
--   policy: name of the first policy
--   later_policy_id: the second policy
--   later_policy: name of the second policy
--   band: band under the first policy
--   later_band: band under the second policy
--   problems: problems that went from band to later_band [problems]
--   share: of the problems of the band, those that went there [share]
--   share_low: lower end of Wilson's interval of the share [share]
--   share_high: upper end of it [share]
--   share_by_chance: share of the band that would go there if the policy had not changed [share]
--   excess: share - share_by_chance [share]
--   excess_low: lower end of the interval of the excess, over samples, problems and the fit [share]
--   excess_high: upper end of it [share]
with counted as (
    select
        dataset,
        split,
        sampling_id,
        grader_id,
        policy_id,
        later_policy_id,
        band(k / n, low, hard_below, medium_below, high) as band,
        band(later_k / later_n, low, hard_below, medium_below, high) as later_band,
        sum(problems)::bigint as problems
    from pair_outcomes
    cross join parameters
    group by all
),

shared as (
    select
        *,
        band || ' > ' || later_band as change,
        sum(problems) over (partition by dataset, split, sampling_id, grader_id, policy_id, later_policy_id, band) as of_band
    from counted
)

select
    shared.dataset,
    shared.split,
    shared.sampling_id,
    shared.grader_id,
    shared.policy_id,
    earlier.policy,
    shared.later_policy_id,
    later.policy as later_policy,
    shared.band,
    shared.later_band,
    shared.problems,
    shared.problems / shared.of_band as share,
    case when clustered.dataset is null then wilson_low(shared.problems, shared.of_band, parameters.z) end as share_low,
    case when clustered.dataset is null then wilson_high(shared.problems, shared.of_band, parameters.z) end as share_high,
    chance.expected / shared.of_band as share_by_chance,
    (shared.problems - chance.expected) / shared.of_band as excess,
    (shared.problems - chance.expected - parameters.z * chance.deviation) / shared.of_band as excess_low,
    (shared.problems - chance.expected + parameters.z * chance.deviation) / shared.of_band as excess_high
from shared
cross join parameters
left join changes_by_chance as chance using (dataset, split, policy_id, sampling_id, grader_id, later_policy_id, change)
left join stg_policies as earlier on shared.policy_id = earlier.policy_id
left join stg_policies as later on shared.later_policy_id = later.policy_id
left join (select distinct dataset, split from stg_versions) as clustered on shared.dataset = clustered.dataset and shared.split = clustered.split
order by all
