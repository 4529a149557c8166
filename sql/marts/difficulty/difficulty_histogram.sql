-- difficulty_histogram: how many problems were solved 0, 1, ... bins times
-- grain: dataset x split x policy_id x sampling_id x grader_id x bin; bin = 0 ... bins, empty bins too
-- inputs: problem_counts, priors, parameters
-- materialized: table
-- parameters: parameters.low, hard_below, medium_below, high (edges of the bands)
-- invariants: sql/checks/histogram_adds_up: every measured problem is in one bin
-- bins is the largest n of the group; a problem with a smaller n (time-outs, adaptive rounds) goes to the nearest bin, and never to an end it
-- did not reach. So `problems` are raw counts, which stopping early bends; `expected` is what that many draws of each would give
-- of a policy that was profiled anew by `reprofile` with source auto, only those problems are here that its stage had not answered lately, and
-- they are no fair part of all; what training's own groups say of the others stands in the run's report alone (flows/README.md)
-- columns:
--   bins: the most samples that count of a problem of the profile [samples]
--   bin: how often of `bins` its problems were solved [samples]
--   accuracy: bin / bins [share]
--   band: band of that accuracy
--   problems: problems in the bin [problems]
--   share: of the profile's problems, those in the bin [share]
--   expected: problems that the prior expects there, had each `bins` samples; null where nothing was fitted [problems]
with problems as (
    select * from problem_counts where n > 0
),

profiles as (
    select dataset, split, policy_id, sampling_id, grader_id, max(n) as bins, count(*) as total
    from problems
    group by all
),

every_bin as (
    select profiles.*, unnest(range(bins + 1)) as bin
    from profiles
),

counted as (
    select dataset, split, policy_id, sampling_id, grader_id, round(problems.accuracy * bins)::bigint as bin, count(*) as problems
    from problems
    inner join profiles using (dataset, split, policy_id, sampling_id, grader_id)
    group by all
),

foreseen as (
    select
        every_bin.* exclude (bins, total),
        sum(total * priors.weight * beta_binomial(bin, bins, priors.alpha, priors.beta)) as expected
    from every_bin
    inner join priors using (dataset, split, policy_id, sampling_id, grader_id)
    where priors.kind in ('fit', 'mixture')
    group by all
)

select
    every_bin.dataset,
    every_bin.split,
    every_bin.policy_id,
    every_bin.sampling_id,
    every_bin.grader_id,
    every_bin.bins,
    every_bin.bin,
    every_bin.bin / every_bin.bins as accuracy,
    band(every_bin.bin / every_bin.bins, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as band,
    coalesce(counted.problems, 0) as problems,
    coalesce(counted.problems, 0) / every_bin.total as share,
    foreseen.expected
from every_bin
cross join parameters
left join counted using (dataset, split, policy_id, sampling_id, grader_id, bin)
left join foreseen using (dataset, split, policy_id, sampling_id, grader_id, bin)
order by dataset, split, policy_id, sampling_id, grader_id, bin
