-- forecast_scores: how well each belief foresaw the groups of a stage, replayed, and what was left out
-- grain: stage_id x belief
-- inputs: stg_groups, stg_metrics, forecast
-- materialized: table
-- parameters: none
-- invariants: groups = scored_groups + hinted_groups + unjudged_groups + unknown_groups; scores are null where nothing could be scored
-- Every stage has a row for every belief, so that one of which nothing can be said is seen. brier, log_loss, p_mean and accuracy are over
-- responses. brier_of_mean is the score of the stage's own mean accuracy in the place of every forecast, skill 1 - brier / brier_of_mean: 1
-- foresees every response, 0 is no better than that mean. reliability is the part of brier that is p_mean's being off (Murphy 1973), by tenths of it.
-- A stage that refilled has recorded the groups that were kept for their outcome: its scores are of these alone
-- A whole group holds all responses that the stage draws of a problem. A part of one, as hint_dropout makes it, or time-outs leave it, is all
-- right or all wrong more often than a belief says of a whole one, so it counts in none of the two shares of groups without a signal
-- columns:
--   groups: groups of the stage [groups]
--   scored_groups: of these, those that were scored [groups]
--   hinted_groups: those whose prompt carried a hint, or of which that is not known: the profile was measured without [groups]
--   unjudged_groups: others of which no response could be judged [groups]
--   unknown_groups: others of problems without a profile, in a stage that has none, or whose file of problems is gone [groups]
--   extra_completions: completions of groups that refilling replaced, which are not recorded: above 0 the scored ones are chosen [samples]
--   p_mean: mean that the belief expected [share]
--   accuracy: what came [share]
--   brier: mean squared error of p_mean [number]
--   log_loss: minus the mean logarithm of the probability that p_mean gave to what came [nats]
--   brier_of_mean: brier of the mean accuracy in p_mean's place [number]
--   skill: 1 - brier / brier_of_mean [number]
--   reliability: part of brier that is p_mean's being off [number]
--   expected_zero_signal: share of the whole groups that the belief expected to be all right or all wrong, null without any [share]
--   zero_signal_share: share of them that were [share]
with beliefs as (
    select unnest(['static', 'beta', 'live']) as belief
),

stages as (
    select
        stage_id,
        count(*) as groups,
        count(*) filter (where coalesce(hinted, true)) as hinted_groups,
        count(*) filter (where not hinted and group_size = 0) as unjudged_groups
    from stg_groups
    group by stage_id
),

levels as (
    select
        stage_id,
        belief,
        count(*) as groups,
        sum(group_size) as responses,
        sum(correct) as correct,
        sum(p_mean * group_size) as expected,
        sum(brier * group_size) as brier,
        sum(log_loss * group_size) as log_loss,
        count(signal) as whole,
        sum(1 - signal) as quiet,
        count(*) filter (where signal is not null and correct in (0, group_size)) as was_quiet
    from forecast
    where group_size > 0
    group by stage_id, belief, least(floor(10 * p_mean), 9)
),

refilled as (
    select stage_id, sum(value)::bigint as extra_completions from stg_metrics where name = 'refill/completions' group by stage_id
),

scores as (
    select
        stage_id,
        belief,
        sum(groups)::bigint as scored_groups,
        sum(expected) / sum(responses) as p_mean,
        sum(correct) / sum(responses) as accuracy,
        sum(brier) / sum(responses) as brier,
        sum(log_loss) / sum(responses) as log_loss,
        sum(responses * ((expected - correct) / responses) ** 2) / sum(responses) as reliability,
        sum(quiet) / nullif(sum(whole), 0) as expected_zero_signal,
        sum(was_quiet) / nullif(sum(whole), 0) as zero_signal_share
    from levels
    group by stage_id, belief
)

select
    stages.stage_id,
    beliefs.belief,
    stages.groups,
    coalesce(scores.scored_groups, 0) as scored_groups,
    stages.hinted_groups,
    stages.unjudged_groups,
    stages.groups - coalesce(scores.scored_groups, 0) - stages.hinted_groups - stages.unjudged_groups as unknown_groups,
    coalesce(refilled.extra_completions, 0) as extra_completions,
    scores.p_mean,
    scores.accuracy,
    scores.brier,
    scores.log_loss,
    scores.accuracy * (1 - scores.accuracy) as brier_of_mean,
    1 - scores.brier / nullif(scores.accuracy * (1 - scores.accuracy), 0) as skill,
    scores.reliability,
    scores.expected_zero_signal,
    scores.zero_signal_share
from stages
cross join beliefs
left join scores using (stage_id, belief)
left join refilled using (stage_id)
order by stages.stage_id, array_position(['static', 'beta', 'live'], beliefs.belief)
