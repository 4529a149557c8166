-- problem_cost: what each problem costs to ask: tokens, and the engine's time
-- grain: problem_id x policy_id x sampling_id
-- inputs: rollout_lengths, stg_draws
-- materialized: table
-- local by: problem_id
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
with lengths as (
    select
        problem_id,
        policy_id,
        sampling_id,
        sum(rollouts)::bigint as responses,
        sum(measured)::bigint as measured,
        sum(tokens)::bigint as tokens,
        sum(cut_off) as cut_off,
        sum(ended) as ended
    from rollout_lengths
    group by all
)

select
    problem_id,
    policy_id,
    sampling_id,
    lengths.responses,
    case when measured > 0 then lengths.tokens end as tokens,
    lengths.tokens / nullif(measured, 0) as mean_tokens,
    cut_off / nullif(ended, 0) as cut_off_share,
    case when measured > 0 then lengths.tokens end * draws.seconds / nullif(draws.tokens, 0) as seconds
from lengths
left join stg_draws as draws using (policy_id, sampling_id)
order by problem_id, policy_id, sampling_id
