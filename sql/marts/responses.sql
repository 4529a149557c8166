-- responses: how long responses are and how many were cut off at the token limit, which makes problems look harder than they are
-- grain: dataset x split x policy_id x sampling_id
-- inputs: stg_problems, rollout_lengths
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
    from stg_problems
),

blocks as (
    select policy_id, sampling_id, dataset, split, block, bit_or(drawn) as drawn
    from rollout_lengths
    inner join places using (problem_id)
    group by all
),

rounds as (
    select policy_id, sampling_id, dataset, split, sum(bit_count(drawn))::bigint as rounds
    from blocks
    group by all
)

select
    places.dataset,
    places.split,
    lengths.policy_id,
    lengths.sampling_id,
    count(distinct lengths.problem_id) as problems,
    any_value(rounds.rounds) as rounds,
    sum(lengths.rollouts)::bigint as responses,
    sum(lengths.tokens) / nullif(sum(lengths.measured), 0) as mean_tokens,
    max(lengths.most_tokens) as most_tokens,
    sum(lengths.cut_off) / nullif(sum(lengths.ended), 0) as cut_off_share,
    sum(lengths.hinted) / sum(lengths.rollouts) as hinted_share
from rollout_lengths as lengths
inner join places using (problem_id)
inner join rounds using (policy_id, sampling_id, dataset, split)
group by all
order by places.dataset, places.split, lengths.policy_id, lengths.sampling_id
