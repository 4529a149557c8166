-- policy_drift: what changed from one policy to another, over the problems that both answered, beside what chance alone gives
-- grain: dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: pair_outcomes, policy_pairs, outcome_counts, changes_by_chance, posteriors, stg_policies, stg_versions, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the intervals)
-- invariants: each pair is there both ways round, what one way gains the other loses
-- the difference is paired, each problem against itself; its interval comes from the spread between problems. Where rounds were adaptive the
-- raw shares lean inwards: p_difference does not. What chance alone gives is what a policy that has not changed would show the second time
-- (given/changes_by_chance.sql); null where the counts fix no prior, and of gained and lost where the second policy was not asked equally
-- often. up and down are problems whose own p-value is at most 1 - confidence, so by chance up to 5% of problems are either
-- where problems are versions of one (columns.cluster), the interval of the difference is between clusters of them, as in `evaluation`. What
-- chance alone gives takes them for unlike each other: it hangs on their samples, which are drawn apart, and hardly on how alike they are
-- where asked_problems is far above problems, the second policy was asked a part of them alone, which may be no fair one. So it is with one that
-- was profiled anew by `reprofile` with source auto: sampled were those problems that its stage had not answered lately (flows/README.md)
-- columns:
--   policy: name of the first policy
--   later_policy_id: the second policy
--   later_policy: name of the second policy
--   problems: problems that both answered [problems]
--   asked_problems: problems that the first policy answered [problems]
--   accuracy: mean accuracy under the first policy [share]
--   later_accuracy: mean accuracy under the second [share]
--   difference: later_accuracy - accuracy [share]
--   clusters: clusters of the problems that are versions of one, each other problem one by itself [clusters]
--   interval_between: what the interval is between: problems, or clusters, and then by Student's t; `one cluster` has no interval [text]
--   difference_low: lower end of its interval [share]
--   difference_high: upper end of its interval [share]
--   p_difference: the same by p_mean of both, which holds under adaptive rounds too [share]
--   p_value: chance that a policy that has not changed moves the mean of p as far or farther, by any stopping rule [share]
--   drifted: whether that is below 1 in 100; null where it is not known
--   up: problems that moved up (see difficulty_drift) [problems]
--   up_by_chance: of an unchanged policy so many are expected to [problems]
--   down: problems that moved down [problems]
--   down_by_chance: of an unchanged policy so many are expected to [problems]
--   never: problems that the first policy never solved [problems]
--   gained: of these, those that the second solved at least once [problems]
--   gained_share: gained / never, null without such problems [share]
--   gained_by_chance: share of never that an unchanged policy is expected to solve [share]
--   gained_excess_low: lower end of the interval of gained_share beyond that [share]
--   gained_excess_high: upper end of it [share]
--   solved: problems that the first policy solved at least once [problems]
--   lost: of these, those that the second never solved [problems]
--   lost_share: lost / solved, null without such problems [share]
--   lost_by_chance: share of solved that an unchanged policy is expected never to solve [share]
--   lost_excess_low: lower end of the interval of lost_share beyond that [share]
--   lost_excess_high: upper end of it [share]
with drift as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        sum(problems) as problems,
        sum(problems * k / n) / sum(problems) as accuracy,
        sum(problems * later_k / later_n) / sum(problems) as later_accuracy,
        sum(problems * (later.p_mean - earlier.p_mean)) / sum(problems) as p_difference,
        coalesce(sum(problems) filter (where k = 0), 0) as never,
        coalesce(sum(problems) filter (where k = 0 and later_k > 0), 0) as gained,
        coalesce(sum(problems) filter (where k > 0 and later_k = 0), 0) as lost
    from pair_outcomes
    inner join posteriors as earlier using (dataset, split, policy_id, sampling_id, grader_id, n, k)
    inner join posteriors as later
        on
            pair_outcomes.dataset = later.dataset
            and pair_outcomes.split = later.split
            and pair_outcomes.later_policy_id = later.policy_id
            and pair_outcomes.sampling_id = later.sampling_id
            and pair_outcomes.grader_id = later.grader_id
            and pair_outcomes.later_n = later.n
            and pair_outcomes.later_k = later.k
    group by all
),

-- of datasets without versions the outcomes are enough, of others each cluster is summed
changes as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        later_k / later_n - k / n as total,
        1 as size,
        problems as times
    from pair_outcomes
    anti join stg_versions using (dataset, split)
    union all
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        sum(later_accuracy - accuracy) as total,
        count(*) as size,
        1 as times
    from policy_pairs
    semi join stg_versions using (dataset, split)
    left join stg_versions using (problem_id, dataset, split)
    group by dataset, split, sampling_id, grader_id, policy_id, later_policy_id, coalesce(cluster, problem_id)
),

intervals as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        sum(times)::bigint as clusters,
        mean_between(size, times) as interval_between,
        mean_low(total, size, times, -1, any_value(z)) as difference_low,
        mean_high(total, size, times, -1, any_value(z)) as difference_high
    from changes
    cross join parameters
    group by dataset, split, sampling_id, grader_id, policy_id, later_policy_id
),

asked as (
    select dataset, split, sampling_id, grader_id, policy_id, sum(problems)::bigint as asked_problems
    from outcome_counts
    group by all
),

chance as (
    select
        dataset, split, sampling_id, grader_id, policy_id, later_policy_id,
        any_value(p_value) filter (where change = 'shift') as p_value,
        any_value(found) filter (where change = 'up') as up,
        any_value(expected) filter (where change = 'up') as up_by_chance,
        any_value(found) filter (where change = 'down') as down,
        any_value(expected) filter (where change = 'down') as down_by_chance,
        any_value(expected) filter (where change = 'gained') as gained,
        any_value(deviation) filter (where change = 'gained') as gained_deviation,
        any_value(expected) filter (where change = 'lost') as lost,
        any_value(deviation) filter (where change = 'lost') as lost_deviation
    from changes_by_chance
    group by all
)

select
    drift.dataset,
    drift.split,
    drift.sampling_id,
    drift.grader_id,
    drift.policy_id,
    earlier.policy,
    drift.later_policy_id,
    later.policy as later_policy,
    drift.problems::bigint as problems,
    asked.asked_problems,
    drift.accuracy,
    drift.later_accuracy,
    drift.later_accuracy - drift.accuracy as difference,
    intervals.clusters,
    intervals.interval_between,
    intervals.difference_low,
    intervals.difference_high,
    drift.p_difference,
    chance.p_value,
    chance.p_value < 0.01 as drifted,
    round(chance.up)::bigint as up,
    chance.up_by_chance,
    round(chance.down)::bigint as down,
    chance.down_by_chance,
    drift.never::bigint as never,
    drift.gained::bigint as gained,
    drift.gained / nullif(drift.never, 0) as gained_share,
    chance.gained / nullif(drift.never, 0) as gained_by_chance,
    (drift.gained - chance.gained - z * chance.gained_deviation) / nullif(drift.never, 0) as gained_excess_low,
    (drift.gained - chance.gained + z * chance.gained_deviation) / nullif(drift.never, 0) as gained_excess_high,
    (drift.problems - drift.never)::bigint as solved,
    drift.lost::bigint as lost,
    drift.lost / nullif(drift.problems - drift.never, 0) as lost_share,
    chance.lost / nullif(drift.problems - drift.never, 0) as lost_by_chance,
    (drift.lost - chance.lost - z * chance.lost_deviation) / nullif(drift.problems - drift.never, 0) as lost_excess_low,
    (drift.lost - chance.lost + z * chance.lost_deviation) / nullif(drift.problems - drift.never, 0) as lost_excess_high
from drift
inner join intervals using (dataset, split, sampling_id, grader_id, policy_id, later_policy_id)
inner join asked using (dataset, split, sampling_id, grader_id, policy_id)
left join chance using (dataset, split, sampling_id, grader_id, policy_id, later_policy_id)
cross join parameters
left join stg_policies as earlier on drift.policy_id = earlier.policy_id
left join stg_policies as later on drift.later_policy_id = later.policy_id
order by all
