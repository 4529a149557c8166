-- stopping: after how many rounds a problem's band was decided, by the rule of adaptive rounds, whatever was drawn after that
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: stg_problems, stg_verdicts, profile_rounds, stopping_rule, parameters
-- parameters: parameters.min_rounds and every (the checkpoints: min_rounds, min_rounds + every, ..., below max_rounds)
-- invariants: decided_rounds < max_rounds where there is one
-- decided_rounds is null while no checkpoint has decided; n and k are those at the stop (or of all first max_rounds rounds without one),
-- full_n and full_k those of all max_rounds rounds, null where fewer were drawn
-- stopping_rule is made by tasks/difficulty/stopping.py: whether k of n decide
-- columns:
--   drawn_rounds: rounds of which a sample was graded [rounds]
--   decided_rounds: rounds after which the band was settled, null where no checkpoint settled it [rounds]
--   n: samples that count up to the stop [samples]
--   k: of these, right ones [samples]
--   full_n: samples that count over all rounds, null where fewer were drawn [samples]
--   full_k: of these, right ones [samples]
with counted as (
    select
        problems.problem_id,
        problems.gold_id,
        problems.dataset,
        problems.split,
        verdicts.policy_id,
        verdicts.sampling_id,
        verdicts.grader_id,
        verdicts.round,
        count(*) filter (where verdicts.is_scored) as n,
        count(*) filter (where verdicts.is_correct) as k
    from stg_problems as problems
    inner join stg_verdicts as verdicts
        on problems.problem_id = verdicts.problem_id
        and problems.gold_id = verdicts.gold_id
    group by all
),

running as (
    select
        counted.* exclude (n, k),
        profile_rounds.max_rounds,
        (sum(n) over so_far)::bigint as n,
        (sum(k) over so_far)::bigint as k,
        count(*) over so_far as rounds
    from counted
    inner join profile_rounds using (policy_id, sampling_id, grader_id)
    where round < profile_rounds.max_rounds
    window so_far as (
        partition by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id
        order by round
    )
),

judged as (
    select
        running.*,
        coalesce(stopping_rule.is_decided, false)
            and running.rounds < running.max_rounds
            and running.rounds >= parameters.min_rounds
            and (running.rounds - parameters.min_rounds) % parameters.every = 0 as is_stop
    from running
    cross join parameters
    left join stopping_rule
        on running.max_rounds = stopping_rule.max_rounds
        and running.n = stopping_rule.n
        and running.k = stopping_rule.k
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
    max(rounds) as drawn_rounds,
    min(rounds) filter (where is_stop) as decided_rounds,
    coalesce(arg_min(n, rounds) filter (where is_stop), max(n)) as n,
    coalesce(arg_min(k, rounds) filter (where is_stop), max(k)) as k,
    max(n) filter (where rounds = max_rounds) as full_n,
    max(k) filter (where rounds = max_rounds) as full_k
from judged
group by all
order by all
