-- curation_noise: how many problems a profile of so many fresh rounds would keep, and how many change side by sampling noise alone
-- grain: dataset x split x policy_id x sampling_id x grader_id x low x high x rounds x estimate
-- inputs: outcome_counts, priors, posteriors
-- materialized: table
-- parameters: none; the grid of thresholds and rounds stands below (0.084, 0.1 and 0.87 are the paper's, the others ours)
-- invariants: low < high; expected_kept lies within 0 and the problems of the profile, switch_share within 0 and 1
-- the right answers of fresh rounds follow a problem's posterior predictive, a mixture of Beta-binomials (A. Gelman et al., Bayesian Data
-- Analysis, section 2.4); what is kept then is decided by them alone, under the prior of this profile (posteriors has those outcomes, too)
-- columns:
--   dataset: dataset of the problems
--   split: split of the problems
--   policy_id: policy that was sampled
--   sampling_id: way of sampling
--   grader_id: the grader's version
--   low: lower threshold [share]
--   high: upper threshold [share]
--   rounds: rounds of the fresh profile [rounds]
--   estimate: what decides whether a problem is kept: posterior or share, as in a stage's `choose.estimate`
--   expected_kept: problems that it is expected to keep [problems]
--   switch_share: expected share of the problems that it keeps and this profile drops, or the other way round [share]
with thresholds as (
    select lows.low, highs.high, estimates.estimate
    from (select unnest([0.0, 0.05, 0.084, 0.1, 0.2, 0.3]::double[]) as low) as lows
    cross join (select unnest([0.5, 0.7, 0.8, 0.87, 0.9, 1.0]::double[]) as high) as highs
    cross join (select unnest(['posterior', 'share']) as estimate) as estimates
),

decided as (
    select
        posteriors.dataset,
        posteriors.split,
        posteriors.policy_id,
        posteriors.sampling_id,
        posteriors.grader_id,
        posteriors.n,
        posteriors.k,
        thresholds.*,
        rule_keeps(thresholds.estimate, posteriors.k / posteriors.n, posteriors.p_cdf, thresholds.low, thresholds.high) as is_kept
    from posteriors
    cross join thresholds
),

-- how the prior's components share in a problem of this outcome
shares as (
    select
        outcomes.*,
        priors.alpha + outcomes.k as alpha,
        priors.beta + outcomes.n - outcomes.k as beta,
        ln(priors.weight)
        + log_beta(priors.alpha + outcomes.k, priors.beta + outcomes.n - outcomes.k)
        - log_beta(priors.alpha, priors.beta) as log_share
    from outcome_counts as outcomes
    inner join priors using (dataset, split, policy_id, sampling_id, grader_id)
),

weighed as (
    select
        *,
        exp(log_share - max(log_share) over of_outcome) as share
    from shares
    window of_outcome as (partition by dataset, split, policy_id, sampling_id, grader_id, n, k)
),

fresh as (
    select *, unnest(range(rounds + 1)) as right_answers
    from (select *, unnest([4, 8, 16, 32]) as rounds from weighed) as drawn
),

predicted as (
    select
        dataset,
        split,
        policy_id,
        sampling_id,
        grader_id,
        n,
        k,
        rounds,
        right_answers,
        any_value(problems) * sum(
            share * exp(
                log_choose(rounds, right_answers)
                + log_beta(alpha + right_answers, beta + rounds - right_answers)
                - log_beta(alpha, beta)
            )
        ) / sum(share) as problems
    from fresh
    group by all
)

-- a problem changes side where what is decided by its fresh rounds is not what is decided by this profile
select
    predicted.dataset,
    predicted.split,
    predicted.policy_id,
    predicted.sampling_id,
    predicted.grader_id,
    now.low,
    now.high,
    predicted.rounds,
    now.estimate,
    coalesce(sum(predicted.problems) filter (where anew.is_kept), 0) as expected_kept,
    coalesce(sum(predicted.problems) filter (where anew.is_kept <> now.is_kept), 0) / sum(predicted.problems) as switch_share
from predicted
inner join decided as now using (dataset, split, policy_id, sampling_id, grader_id, n, k)
inner join decided as anew
    on predicted.dataset = anew.dataset
    and predicted.split = anew.split
    and predicted.policy_id = anew.policy_id
    and predicted.sampling_id = anew.sampling_id
    and predicted.grader_id = anew.grader_id
    and predicted.rounds = anew.n
    and predicted.right_answers = anew.k
    and now.low = anew.low
    and now.high = anew.high
    and now.estimate = anew.estimate
group by all
order by dataset, split, policy_id, sampling_id, grader_id, low, high, rounds, estimate
