-- problem_cost: what each problem costs to ask: tokens, and the engine's time
-- grain: problem_id x policy_id x sampling_id
-- inputs: stg_rollouts, stg_draws
-- parameters: none
-- invariants: the tokens of a policy's problems add up to those of its rollouts
-- time is not kept per response: a problem's seconds are its tokens at the seconds per token of its policy's and sampling's draws, as far
-- as their time is known; reading the prompt is spread over the tokens written
-- columns:
--   responses: responses of the problem [samples]
--   tokens: tokens of its responses, prompts not counted; null for answers made elsewhere [tokens]
--   mean_tokens: tokens of a response [tokens]
--   cut_off_share: responses that ended at the token limit [share]
--   seconds: engine's time for the problem; null where none is known [seconds]
select
    rollouts.problem_id,
    rollouts.policy_id,
    rollouts.sampling_id,
    count(*) as responses,
    sum(rollouts.n_tokens)::bigint as tokens,
    avg(rollouts.n_tokens) as mean_tokens,
    avg(rollouts.is_cut_off::int) as cut_off_share,
    sum(rollouts.n_tokens) * any_value(draws.seconds / nullif(draws.tokens, 0)) as seconds
from stg_rollouts as rollouts
left join stg_draws as draws using (policy_id, sampling_id)
group by rollouts.problem_id, rollouts.policy_id, rollouts.sampling_id
order by rollouts.problem_id, rollouts.policy_id, rollouts.sampling_id
