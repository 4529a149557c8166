-- responses: how long responses are and how many were cut off at the token limit, which makes problems look harder than they are
-- grain: dataset x split x policy_id x sampling_id
-- inputs: stg_places, rollout_lengths, problem_cost
-- materialized: table
-- parameters: none
-- invariants: cut_off_share is over all responses, imported ones too
-- columns:
--   problems: problems that were answered [problems]
--   rounds: rounds that were drawn [rounds]
--   responses: responses to them [samples]
--   mean_tokens: tokens of a response [tokens]
--   most_tokens: tokens of the longest [tokens]
--   cut_off_share: responses that ended at the token limit [share]
--   hinted_share: responses whose prompt carried a hint [share]
with places as (
    select distinct problem_id, dataset, split
    from stg_places
),

summed as (
    select
        dataset,
        split,
        policy_id,
        sampling_id,
        block,
        bit_or(drawn) as drawn,
        sum(rollouts) as rollouts,
        sum(measured) as measured,
        sum(tokens) as tokens,
        max(most_tokens) as most_tokens,
        sum(ended) as ended,
        sum(cut_off) as cut_off,
        sum(hinted) as hinted
    from rollout_lengths
    inner join places using (problem_id)
    group by all
),

answered as (
    select dataset, split, policy_id, sampling_id, count(*) as problems
    from problem_cost
    inner join places using (problem_id)
    group by all
)

select
    dataset,
    split,
    policy_id,
    sampling_id,
    any_value(answered.problems) as problems,
    sum(bit_count(drawn))::bigint as rounds,
    sum(rollouts)::bigint as responses,
    sum(tokens) / nullif(sum(measured), 0) as mean_tokens,
    max(most_tokens) as most_tokens,
    sum(cut_off) / nullif(sum(ended), 0) as cut_off_share,
    sum(hinted) / sum(rollouts) as hinted_share
from summed
inner join answered using (dataset, split, policy_id, sampling_id)
group by all
order by dataset, split, policy_id, sampling_id
