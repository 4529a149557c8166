-- stage_summary: what each training stage did
-- grain: stage_id
-- inputs: stg_groups, stg_group_draws, stg_hints, stg_metrics, stg_policies
-- materialized: table
-- parameters: none
-- invariants: zero_signal_share = all_right_share + all_wrong_share, but for groups that could not be judged, and but for hint_dropout, where a
-- problem that was drawn has two smaller groups, and teaches nothing only if neither can (stg_group_draws)
-- extra_completions and extra_tokens are what refilling spent on groups that are not in the batches, tokens all that training read and wrote;
-- first_ and last_ are means over the first and last tenth of the steps, because one step alone is noise; reward is the metric `reward`;
-- what was not measured is null: importance ratios without a correction for vLLM, KL without a penalty (`beta` 0), lengths where no answer was so
-- columns:
--   parent_id: policy_id that the stage started from
--   steps: steps with a group [steps]
--   groups: groups trained on [groups]
--   problems: problems that they are of [problems]
--   hinted_groups: groups whose prompt carried a hint, which calibration and prior_staleness leave out; null where not known of some [groups]
--   moved_hints: of these, those with the hint of another band than the problem has in the stage's set (`hints: live`); null without any [groups]
--   zero_signal_share: problems drawn of which no group could teach, all right or all wrong [share]
--   all_right_share: groups that were all right [share]
--   all_wrong_share: groups that were all wrong [share]
--   unjudged_groups: groups of which no answer could be judged [groups]
--   timeout_share: completions whose grading took too long, and which leave the accuracy; null where no verdicts were logged [share]
--   mean_weight: mean factor on the groups' advantages [factor]
--   first_accuracy: mean accuracy of the groups in the first tenth of the steps [share]
--   last_accuracy: the same in the last tenth [share]
--   first_reward: mean reward in the first tenth of the steps [reward]
--   last_reward: the same in the last tenth [reward]
--   extra_completions: completions drawn to refill batches, beside the steps' own [samples]
--   extra_tokens: tokens of these [tokens]
--   tokens: tokens that training read and wrote [tokens]
--   gradient_clipped_share: steps whose gradient was scaled down to `max_grad_norm`; on most steps: runs tell no weights apart [share]
--   ratio_bounded_share: importance ratios that the correction for vLLM dropped or truncated, null without one [share]
--   truncated_share: completions that were cut off at `max_tokens` (and are out of the loss with `mask_truncated`) [share]
--   mean_length_right: mean length of right answers, steps counting alike [tokens]
--   mean_length_wrong: the same of wrong ones [tokens]
--   first_entropy: mean entropy of a token's distribution in the first tenth of the steps [nats]
--   last_entropy: the same in the last tenth [nats]
--   last_kl: mean KL penalty per token in the last tenth, from the policy that the stage started from; null without one [nats]
with groups as (
    select
        stage_id,
        count(distinct step) as steps,
        count(*) as groups,
        count(distinct problem_id) as problems,
        case when count(hinted) = count(*) then count(*) filter (where hinted) end as hinted_groups,
        avg((group_size > 0 and correct = group_size)::int) as all_right_share,
        avg((group_size > 0 and correct = 0)::int) as all_wrong_share,
        count(*) filter (where group_size = 0) as unjudged_groups,
        avg(weight) as mean_weight,
        avg(accuracy) filter (where step_bucket = 0) as first_accuracy,
        avg(accuracy) filter (where step_bucket = last_bucket) as last_accuracy
    from (select *, max(step_bucket) over (partition by stage_id) as last_bucket from stg_groups) as bucketed
    group by stage_id
),

signals as (
    select stage_id, avg(is_zero_signal::int) as zero_signal_share
    from stg_group_draws
    group by stage_id
),

placed as (
    select
        stage_id,
        name,
        value,
        percent_rank() over (partition by stage_id, name order by step) as place,
        count(*) over (partition by stage_id, name) as ends
    from stg_metrics
    where name in ('reward', 'entropy', 'kl')
),

metric_ends as (
    select
        stage_id,
        avg(value) filter (where name = 'reward' and place <= 0.1) as first_reward,
        avg(value) filter (where name = 'reward' and (place >= 0.9 or ends = 1)) as last_reward,
        avg(value) filter (where name = 'entropy' and place <= 0.1) as first_entropy,
        avg(value) filter (where name = 'entropy' and (place >= 0.9 or ends = 1)) as last_entropy,
        avg(value) filter (where name = 'kl' and (place >= 0.9 or ends = 1)) as last_kl
    from placed
    group by stage_id
),

watched as (
    select
        stage_id,
        avg(value) filter (where name = 'gradient/clipped') as gradient_clipped_share,
        avg(value) filter (where name = 'importance/bounded') as ratio_bounded_share,
        avg(value) filter (where name = 'completions/clipped_ratio') as truncated_share,
        avg(value) filter (where name = 'completions/mean_length_right') as mean_length_right,
        avg(value) filter (where name = 'completions/mean_length_wrong') as mean_length_wrong
    from stg_metrics
    group by stage_id
),

spending as (
    select
        stage_id,
        coalesce(sum(value) filter (where name = 'refill/completions'), 0)::bigint as extra_completions,
        coalesce(sum(value) filter (where name = 'refill/tokens'), 0)::bigint as extra_tokens,
        (max(value) filter (where name = 'num_tokens'))::bigint as tokens,
        avg(value) filter (where name = 'verdicts/timeout') as timeout_share
    from stg_metrics
    group by stage_id
),

moved as (
    select stage_id, count(*) filter (where hint is distinct from stored_band and is_live) as moved_hints
    from stg_hints
    group by stage_id
),

policies as (
    select * from stg_policies where stage_id is not null
    qualify row_number() over (partition by stage_id order by policy_id) = 1
)

select
    groups.stage_id,
    policies.policy,
    policies.policy_id,
    policies.parent_id,
    groups.steps,
    groups.groups,
    groups.problems,
    groups.hinted_groups,
    moved.moved_hints,
    signals.zero_signal_share,
    groups.all_right_share,
    groups.all_wrong_share,
    groups.unjudged_groups,
    spending.timeout_share,
    groups.mean_weight,
    groups.first_accuracy,
    groups.last_accuracy,
    metric_ends.first_reward,
    metric_ends.last_reward,
    coalesce(spending.extra_completions, 0) as extra_completions,
    coalesce(spending.extra_tokens, 0) as extra_tokens,
    spending.tokens,
    watched.gradient_clipped_share,
    watched.ratio_bounded_share,
    watched.truncated_share,
    watched.mean_length_right,
    watched.mean_length_wrong,
    metric_ends.first_entropy,
    metric_ends.last_entropy,
    metric_ends.last_kl
from groups
inner join signals using (stage_id)
left join metric_ends using (stage_id)
left join watched using (stage_id)
left join spending using (stage_id)
left join moved using (stage_id)
left join policies using (stage_id)
order by groups.stage_id
