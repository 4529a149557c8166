-- rollout_lengths: how long the responses to a problem are, 64 rounds to a row: bit r of a mask stands for round 64 * block + r
-- grain: problem_id x policy_id x sampling_id x sample x block
-- inputs: stg_rollouts
-- materialized: table
-- parameters: none
-- a key may have several rows, of several parts of the lake: read it with the aggregates that merge it
-- merged by: sum(rollouts), bit_or(drawn), sum(measured), sum(tokens), sum(early_measured), sum(early_tokens), max(most_tokens), sum(ended), sum(cut_off), sum(hinted)
-- invariants: where each response was stored once, drawn has as many bits as there are rollouts
-- columns:
--   problem_id: problem that was answered
--   policy_id: policy that answered
--   sampling_id: way of sampling
--   sample: response of the round, the first is 0
--   block: rounds 64 * block to 64 * block + 63
--   rollouts: responses [samples]
--   drawn: mask of the rounds with a response
--   measured: responses whose tokens were counted [samples]
--   tokens: tokens of these [tokens]
--   early_measured: of those measured, the responses of rounds 0 to 3 [samples]
--   early_tokens: tokens of these [tokens]
--   most_tokens: tokens of the longest [tokens]
--   ended: responses of which it is known how they ended [samples]
--   cut_off: responses cut off at the token limit [samples]
--   hinted: responses to a prompt with a hint [samples]
select
    problem_id,
    policy_id,
    sampling_id,
    sample,
    round >> 6 as block,
    count(*) as rollouts,
    bit_or(1::ubigint << (round & 63)::ubigint) as drawn,
    count(n_tokens) as measured,
    coalesce(sum(n_tokens), 0)::bigint as tokens,
    count(n_tokens) filter (where round < 4) as early_measured,
    coalesce(sum(n_tokens) filter (where round < 4), 0)::bigint as early_tokens,
    max(n_tokens) as most_tokens,
    count(is_cut_off) as ended,
    count(*) filter (where is_cut_off) as cut_off,
    count(hint) as hinted
from stg_rollouts
group by all
