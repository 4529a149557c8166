-- verdict_outcomes: what became of every response, 64 rounds to a row: bit r of a mask stands for round 64 * block + r
-- grain: problem_id x gold_id x policy_id x sampling_id x grader_id x sample x block
-- inputs: stg_verdicts
-- materialized: table
-- parameters: none
-- a key may have several rows, of several parts of the lake: read it with the aggregates that merge it
-- merged by: sum(verdicts), bit_or(drawn), bit_or(correct), bit_or(incorrect), bit_or(unparseable), bit_or(timeouts), bit_or(unscorable)
-- invariants: where each rollout has one verdict of the five, the five masks add up to drawn, and drawn has as many bits as there are verdicts (sql/checks/verdicts_are_sound)
-- a verdict that is none of the five, which sql/checks/verdicts_are_sound finds, is in no mask; shifts are a tenth faster than divisions
-- columns:
--   problem_id: problem that was answered
--   gold_id: digest of the gold answer that responses were compared with
--   policy_id: policy that answered
--   sampling_id: way of sampling
--   grader_id: the grader's version
--   sample: response of the round, the first is 0
--   block: rounds 64 * block to 64 * block + 63
--   verdicts: verdicts read [samples]
--   drawn: mask of the rounds with a verdict
--   correct: mask of the rounds answered correctly
--   incorrect: mask of the rounds answered wrongly
--   unparseable: mask of the rounds in whose response no answer was found
--   timeouts: mask of the rounds whose grading took too long
--   unscorable: mask of the rounds whose gold answer cannot be compared with
with placed as (
    select
        *,
        round >> 6 as block,
        1::ubigint << (round & 63)::ubigint as bit
    from stg_verdicts
),

masks as (
    select
        problem_id,
        gold_id,
        policy_id,
        sampling_id,
        grader_id,
        sample,
        block,
        count(*) as verdicts,
        bit_or(case when verdict = 'correct' then bit else 0::ubigint end) as correct,
        bit_or(case when verdict = 'incorrect' then bit else 0::ubigint end) as incorrect,
        bit_or(case when verdict = 'unparseable' then bit else 0::ubigint end) as unparseable,
        bit_or(case when verdict = 'timeout' then bit else 0::ubigint end) as timeouts,
        bit_or(case when verdict = 'unscorable' then bit else 0::ubigint end) as unscorable
    from placed
    group by all
)

select *, correct | incorrect | unparseable | timeouts | unscorable as drawn
from masks
