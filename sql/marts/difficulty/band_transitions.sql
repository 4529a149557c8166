-- band_transitions: where the problems of a band are under another policy: the transition matrix of bands, for any two policies
-- grain: dataset x split x sampling_id x grader_id x policy_id x later_policy_id x band x later_band; cells without a problem are left out
-- inputs: policy_pairs, stg_policies, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the interval)
-- invariants: sql/checks/transitions_add_up: a row of the matrix adds up to 1
-- "later" is just the second of the two: each pair is there both ways round. Only problems that both policies answered count, under the
-- same way of sampling and the same grader
-- columns:
--   policy: name of the first policy
--   later_policy_id: the second policy
--   later_policy: name of the second policy
--   later_band: band under the second policy
--   problems: problems that went from band to later_band [problems]
--   share: of the problems of the band, those that went there [share]
--   share_low: lower end of Wilson's interval of the share [share]
--   share_high: upper end of it [share]
with counted as (
    select dataset, split, sampling_id, grader_id, policy_id, later_policy_id, band, later_band, count(*) as problems
    from policy_pairs
    group by all
),

shared as (
    select
        *,
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
    wilson_low(shared.problems, shared.of_band, parameters.z) as share_low,
    wilson_high(shared.problems, shared.of_band, parameters.z) as share_high
from shared
cross join parameters
left join stg_policies as earlier on shared.policy_id = earlier.policy_id
left join stg_policies as later on shared.later_policy_id = later.policy_id
order by all
