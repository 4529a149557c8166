-- stopping: after how many rounds a problem's band was decided, by the rule of adaptive rounds, whatever was drawn after that
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_problems, verdict_outcomes, profile_rounds, stopping_rule, parameters
-- materialized: table
-- local by: problem_id
-- parameters: parameters.min_rounds and every (the checkpoints: min_rounds, min_rounds + every, ..., below max_rounds)
-- invariants: decided_rounds < max_rounds where there is one
-- decided_rounds is null while no checkpoint has decided; n and k are those at the stop (or of all first max_rounds rounds without one),
-- full_n and full_k those of all max_rounds rounds, null where fewer were drawn
-- stopping_rule is made by tasks/estimates/stopping.py: whether k of n decide
-- a checkpoint counts only where all rounds before it were drawn
-- columns:
--   drawn_rounds: rounds of which a sample was graded [rounds]
--   decided_rounds: rounds after which the band was settled, null where no checkpoint settled it [rounds]
--   n: samples that count up to the stop [samples]
--   k: of these, right ones [samples]
--   full_n: samples that count over all rounds, null where fewer were drawn [samples]
--   full_k: of these, right ones [samples]
with profiles as (
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
        running.max_rounds,
        checkpoint,
        (n_before + list_sum([bit_count(mask & until) for mask in scored]))::bigint as n,
        (k_before + list_sum([bit_count(mask & until) for mask in correct]))::bigint as k
    from running
    inner join checkpoints using (max_rounds, block)
    where rounds_before + bit_count(drawn & until) = checkpoint
),

stops as (
    select id, min(checkpoint) as decided_rounds, arg_min(n, checkpoint) as n, arg_min(k, checkpoint) as k
    from reached
    inner join stopping_rule using (max_rounds, n, k)
    where is_decided
    group by id
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
    max_rounds,
    totals.rounds as drawn_rounds,
    stops.decided_rounds,
    coalesce(stops.n, totals.n) as n,
    coalesce(stops.k, totals.k) as k,
    case when totals.rounds = max_rounds then totals.n end as full_n,
    case when totals.rounds = max_rounds then totals.k end as full_k
from profiles
inner join totals using (id)
left join stops using (id)
order by all
