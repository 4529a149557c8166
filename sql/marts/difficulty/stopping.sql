-- stopping: after how many rounds a problem was settled, by the rule of adaptive rounds, whatever was drawn after that
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: checkpoint_counts, stopping_rule, parameters
-- materialized: table
-- parameters: parameters.min_rounds and every (the checkpoints)
-- invariants: decided_rounds < max_rounds where there is one
-- decided_rounds is null while no checkpoint has decided; n and k are those at the stop (or of all first max_rounds rounds without one),
-- full_n and full_k those of all max_rounds rounds, null where fewer were drawn
-- stopping_rule is made by tasks/estimates/stopping.py: whether k of n decide
-- a problem that is_audit gets all rounds, and decided_rounds is where it would have stopped
-- columns:
--   decided_rounds: rounds after which the problem was settled, null where no checkpoint settled it [rounds]
--   n: samples that count up to the stop [samples]
--   k: of these, right ones [samples]
--   full_n: samples that count over all rounds, null where fewer were drawn [samples]
--   full_k: of these, right ones [samples]
--   p_mean: mean of the true accuracy's posterior that was held at the stop, null without one [share]
--   later_low: right ones that it foresaw among the samples after the stop, at least [samples]
--   later_high: at most [samples]
--   later_chance: how likely it held that they lie there; more than the intervals' confidence, as they are whole numbers [share]
with numbered as (
    select row_number() over () as id, *
    from checkpoint_counts
),

looks as (
    select
        id,
        dataset,
        split,
        policy_id,
        sampling_id,
        grader_id,
        length,
        unnest(range(len(checkpoint_n))) as place,
        unnest(checkpoint_n) as n,
        unnest(checkpoint_k) as k
    from numbered
),

stops as (
    select
        id,
        min(place) as place,
        arg_min(stopping_rule.n, place) as n,
        arg_min(stopping_rule.k, place) as k,
        arg_min(p_mean, place) as p_mean,
        arg_min(later_low, place) as later_low,
        arg_min(later_high, place) as later_high,
        arg_min(later_chance, place) as later_chance
    from looks
    inner join stopping_rule using (dataset, split, policy_id, sampling_id, grader_id, length, n, k)
    where is_decided
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
    numbered.max_rounds,
    drawn_rounds,
    is_audit,
    parameters.min_rounds + stops.place * parameters.every as decided_rounds,
    coalesce(stops.n, numbered.n) as n,
    coalesce(stops.k, numbered.k) as k,
    case when drawn_rounds = numbered.max_rounds then numbered.n end as full_n,
    case when drawn_rounds = numbered.max_rounds then numbered.k end as full_k,
    p_mean,
    later_low,
    later_high,
    later_chance
from numbered
left join stops using (id)
cross join parameters
order by all
