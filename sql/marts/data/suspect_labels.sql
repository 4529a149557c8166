-- suspect_labels: problems whose gold answer may be wrong, each with the reason to look at it
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id x reason
-- inputs: difficulty, problem_features, stg_policies, stg_problems, stg_samplings, top_wrong_answers
-- materialized: table
-- parameters: none; the thresholds stand below and are ours
-- invariants: voted and votes are there where reason is agreement or form, weaker_policy where it is inversion
-- `agreement`: at least 4 samples count and 60% or more of them gave one and the same wrong answer
-- `form`: of 10 or more problems of a place whose gold answers were read by the same rule not one was ever solved, and to half of them or
-- more the responses agree: 2 or more of them, and half of those that count, or they say what stands inside the gold answer. Then it is the
-- form of the gold answers that nothing can match (`columns.gold`)
-- `inversion`: a policy that is worse over the dataset solves it more often than not, and a better one less often, beyond both intervals;
-- answers to prompts with hints are left out of that: only hard problems have them, and they are easier so
-- `unscorable`: the grader could not compare one response with the gold answer
-- columns:
--   reason: agreement, form, inversion or unscorable
--   source_id: the source's own id of the problem
--   answer: the gold answer in doubt
--   voted: the wrong answer that most samples gave
--   votes: samples that gave it [samples]
--   vote_share: votes / n [share]
--   n: samples that count [samples]
--   k: of these, correct ones [samples]
--   weaker_policy_id: the policy that is worse over the dataset and solves this problem
--   weaker_policy: its name
--   weaker_accuracy: its accuracy on this problem [share]
with plain as (
    select difficulty.*
    from difficulty
    anti join (from stg_samplings where hints) as hinted using (sampling_id)
),

strengths as (
    select dataset, split, policy_id, sampling_id, grader_id, avg(accuracy) as strength
    from plain
    group by all
),

-- of few problems one policy fails and another one solves: only these are compared
split_up as (
    select
        failed.problem_id, failed.gold_id, failed.dataset, failed.split, failed.grader_id,
        failed.policy_id, failed.sampling_id, failed.n, failed.k,
        solved.policy_id as weaker_policy_id,
        solved.sampling_id as weaker_sampling_id,
        solved.accuracy as weaker_accuracy
    from plain as failed
    inner join plain as solved using (problem_id, gold_id, dataset, split, grader_id)
    where failed.n >= 4 and failed.accuracy_high < 0.5 and solved.n >= 4 and solved.accuracy_low > 0.5
),

inversions as (
    select
        split_up.problem_id, split_up.gold_id, split_up.dataset, split_up.split,
        split_up.policy_id, split_up.sampling_id, split_up.grader_id, split_up.n, split_up.k,
        arg_max(split_up.weaker_policy_id, (split_up.weaker_accuracy, split_up.weaker_policy_id)) as weaker_policy_id,
        max(split_up.weaker_accuracy) as weaker_accuracy
    from split_up
    inner join strengths as stronger using (dataset, split, policy_id, sampling_id, grader_id)
    inner join strengths as weaker
        on split_up.dataset = weaker.dataset
        and split_up.split = weaker.split
        and split_up.weaker_policy_id = weaker.policy_id
        and split_up.weaker_sampling_id = weaker.sampling_id
        and split_up.grader_id = weaker.grader_id
    where stronger.strength > weaker.strength
    group by all
),

-- what most responses to each problem say instead of its gold answer, and whether that gives the gold answer's form away
told as (
    select
        difficulty.*,
        coalesce(try_cast(stg_problems.metadata as json) ->> '$.gold_rule', 'plain') as gold_rule,
        top_wrong_answers.voted,
        top_wrong_answers.votes,
        coalesce(
            (votes >= 2 and votes / n >= 0.5) or contains(spaced_words(stg_problems.answer), spaced_words(top_wrong_answers.voted)), false
        ) as is_telling
    from difficulty
    inner join stg_problems using (problem_id, gold_id, dataset, split)
    left join top_wrong_answers using (problem_id, gold_id, policy_id, sampling_id, grader_id)
    where n > 0
),

unmatched as (
    select dataset, split, gold_rule, policy_id, sampling_id, grader_id
    from told
    group by all
    having count(*) >= 10 and sum(k) = 0 and count(*) filter (where is_telling) >= count(*) / 2
),

reasons as (
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'agreement' as reason,
        voted, votes, null as weaker_policy_id, null::double as weaker_accuracy
    from difficulty
    inner join top_wrong_answers using (problem_id, gold_id, policy_id, sampling_id, grader_id)
    where n >= 4 and accuracy <= 0.4 and votes / n >= 0.6
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'inversion' as reason,
        null as voted, null as votes, weaker_policy_id, weaker_accuracy
    from inversions
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'form' as reason,
        voted, votes, null as weaker_policy_id, null::double as weaker_accuracy
    from told
    inner join unmatched using (dataset, split, gold_rule, policy_id, sampling_id, grader_id)
    where is_telling
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'unscorable' as reason,
        null as voted, null as votes, null as weaker_policy_id, null::double as weaker_accuracy
    from difficulty
    where unscorable > 0
)

select
    reasons.problem_id,
    reasons.gold_id,
    reasons.dataset,
    reasons.split,
    reasons.policy_id,
    reasons.sampling_id,
    reasons.grader_id,
    reasons.reason,
    problems.source_id,
    problems.answer,
    reasons.voted,
    reasons.votes,
    reasons.votes / reasons.n as vote_share,
    reasons.n,
    reasons.k,
    reasons.weaker_policy_id,
    stg_policies.policy as weaker_policy,
    reasons.weaker_accuracy
from reasons
inner join problem_features as problems using (problem_id, gold_id, dataset, split)
left join stg_policies on reasons.weaker_policy_id = stg_policies.policy_id
order by
    reasons.reason, vote_share desc, reasons.n desc, reasons.dataset, reasons.split, reasons.problem_id, reasons.gold_id,
    reasons.policy_id, reasons.sampling_id, reasons.grader_id
