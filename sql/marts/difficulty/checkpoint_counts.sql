-- checkpoint_counts: what was known of each problem whenever adaptive rounds would have looked whether it is settled
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_problems, verdict_outcomes, rollout_lengths, profile_rounds, parameters
-- materialized: table
-- local by: problem_id
-- parameters: parameters.min_rounds and every (the checkpoints: min_rounds, min_rounds + every, ..., below max_rounds), audit_share
-- invariants: checkpoint_n and checkpoint_k are equally long
-- a checkpoint counts only where all rounds before it were drawn, so the i-th element is that of min_rounds + (i - 1) * every
-- length is known before the first checkpoint, so that it does not depend on what was drawn later: it takes min_rounds of 4 and more
-- columns:
--   drawn_rounds: rounds of which a sample was graded [rounds]
--   n: samples that count over the first max_rounds rounds [samples]
--   k: of these, right ones [samples]
--   checkpoint_n: samples that count at each checkpoint [samples]
--   checkpoint_k: of these, right ones [samples]
--   length: how long the responses of the first four rounds are, twice the binary logarithm of their mean tokens, rounded; 0 where unknown [number]
--   is_audit: whether the problem gets all rounds whatever the rule says, by a hash of it and the way of sampling, which has the seed
with lengths as (
    select
        problem_id,
        policy_id,
        sampling_id,
        sum(early_tokens) / sum(early_measured) as mean_tokens
    from rollout_lengths
    group by all
    having sum(early_measured) > 0
),

profiles as (
    select
        row_number() over () as id,
        problems.problem_id,
        problems.gold_id,
        problems.dataset,
        problems.split,
        answered.policy_id,
        answered.sampling_id,
        answered.grader_id,
        profile_rounds.max_rounds
    from (select distinct problem_id, gold_id, policy_id, sampling_id, grader_id from verdict_outcomes) as answered
    inner join stg_problems as problems using (problem_id, gold_id)
    inner join profile_rounds using (policy_id, sampling_id, grader_id)
),

-- one row per block of 64 rounds, with one mask per sample, and the rounds at max_rounds and after it taken out
blocks as (
    select
        profiles.id,
        profiles.max_rounds,
        outcomes.block,
        bit_or(outcomes.drawn & first_bits(max_rounds - 64 * block)) as drawn,
        list((correct | incorrect | unparseable) & first_bits(max_rounds - 64 * block)) as scored,
        list(correct & first_bits(max_rounds - 64 * block)) as correct
    from verdict_outcomes as outcomes
    inner join profiles using (problem_id, gold_id, policy_id, sampling_id, grader_id)
    where 64 * block < max_rounds
    group by all
),

counted as (
    select
        *,
        bit_count(drawn)::bigint as rounds,
        list_sum([bit_count(mask) for mask in scored])::bigint as n,
        list_sum([bit_count(mask) for mask in correct])::bigint as k
    from blocks
),

running as (
    select
        *,
        coalesce(sum(rounds) over earlier, 0) as rounds_before,
        coalesce(sum(n) over earlier, 0) as n_before,
        coalesce(sum(k) over earlier, 0) as k_before
    from counted
    window earlier as (partition by id order by block rows between unbounded preceding and 1 preceding)
),

checkpoints as (
    select max_rounds, checkpoint, (checkpoint - 1) // 64 as block, first_bits(checkpoint - 64 * ((checkpoint - 1) // 64)) as until
    from (
        select distinct profile_rounds.max_rounds, unnest(range(parameters.min_rounds, profile_rounds.max_rounds, parameters.every)) as checkpoint
        from profile_rounds
        cross join parameters
    ) as planned
),

reached as (
    select
        running.id,
        list((n_before + list_sum([bit_count(mask & until) for mask in scored]))::bigint order by checkpoint) as checkpoint_n,
        list((k_before + list_sum([bit_count(mask & until) for mask in correct]))::bigint order by checkpoint) as checkpoint_k
    from running
    inner join checkpoints using (max_rounds, block)
    where rounds_before + bit_count(drawn & until) = checkpoint
    group by running.id
),

totals as (
    select id, sum(rounds)::bigint as rounds, sum(n)::bigint as n, sum(k)::bigint as k
    from counted
    group by id
)

select
    problem_id,
    gold_id,
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    profiles.max_rounds,
    totals.rounds as drawn_rounds,
    totals.n,
    totals.k,
    coalesce(checkpoint_n, []) as checkpoint_n,
    coalesce(checkpoint_k, []) as checkpoint_k,
    case when parameters.min_rounds >= 4 and mean_tokens >= 1 then round(2 * log2(mean_tokens))::bigint else 0 end as length,
    is_drawn(problem_id, sampling_id, parameters.audit_share) as is_audit
from profiles
inner join totals using (id)
left join reached using (id)
left join lengths using (problem_id, policy_id, sampling_id)
cross join parameters
order by all
