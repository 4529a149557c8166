-- current: how hard each problem is as each recipe has it now: its newest run's problems and policies, asked without hints, by its last grader
-- grain: recipe x problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: current_profiles, ingested, difficulty, stg_samplings, grader_order
-- materialized: view
-- parameters: none
-- invariants: a problem counts once for a recipe, policy, dataset and split, unless it has two gold answers there
-- of a policy that was profiled anew by `reprofile` with source auto, only those problems are here that its stage had not answered lately, and
-- they are no fair part of all; what training's own groups say of the others stands in the run's report alone (flows/README.md)
-- columns:
--   policy: what the recipe calls the policy: base, its stages, or a panel's name
with asked as (
    select distinct profiles.* exclude (problems_id, run_id), ingested.* exclude (artifact_id)
    from current_profiles as profiles
    inner join ingested on profiles.problems_id = ingested.artifact_id
)

select
    asked.recipe,
    difficulty.problem_id,
    difficulty.gold_id,
    difficulty.dataset,
    difficulty.split,
    asked.policy,
    difficulty.policy_id,
    coalesce(stg_samplings.sampling, difficulty.sampling_id) as sampling,
    difficulty.sampling_id,
    grader_order.grader,
    difficulty.grader_id,
    difficulty.rounds,
    difficulty.n,
    difficulty.k,
    difficulty.unparseable,
    difficulty.timeouts,
    difficulty.unscorable,
    difficulty.accuracy,
    difficulty.accuracy_low,
    difficulty.accuracy_high,
    difficulty.pass_2,
    difficulty.pass_4,
    difficulty.pass_8,
    difficulty.pass_16,
    difficulty.band,
    difficulty.p_mean,
    difficulty.p_low,
    difficulty.p_high,
    difficulty.p_variance,
    difficulty.p_hopeless,
    difficulty.p_hard,
    difficulty.p_medium,
    difficulty.p_easy,
    difficulty.p_trivial,
    difficulty.p_band,
    difficulty.signal_4,
    difficulty.signal_8,
    difficulty.signal_16
from asked
inner join difficulty using (problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id)
inner join grader_order using (grader_id)
left join stg_samplings using (sampling_id)
