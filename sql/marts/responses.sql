-- responses: how long responses are and how many were cut off at the token limit, which makes problems look harder than they are
-- grain: dataset x split x policy_id x sampling_id
-- inputs: stg_problems, stg_rollouts
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
)

select
    places.dataset,
    places.split,
    rollouts.policy_id,
    rollouts.sampling_id,
    count(distinct rollouts.problem_id) as problems,
    count(distinct rollouts.round) as rounds,
    count(*) as responses,
    avg(rollouts.n_tokens) as mean_tokens,
    max(rollouts.n_tokens) as most_tokens,
    avg(rollouts.is_cut_off::int) as cut_off_share,
    avg((rollouts.hint is not null)::int) as hinted_share
from stg_rollouts as rollouts
inner join places using (problem_id)
group by all
order by places.dataset, places.split, rollouts.policy_id, rollouts.sampling_id
