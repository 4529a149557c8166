-- suspect_labels: problems whose gold answer is worth a look, each with the reason, and how probable it is that a look pays
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id x reason
-- inputs: problem_counts, problem_votes, label_doubts, inversions, problem_features, stg_policies, stg_problems, stg_samplings, top_wrong_answers
-- materialized: table
-- parameters: none; the thresholds stand below and are ours
-- invariants: voted and votes are there where reason is agreement or form, weaker_policy where it is inversion; expected_precision is the
-- same for all rows of a profile and reason, and the mean of their probability where reason is agreement
-- answers to prompts with hints are left out throughout: only hard problems have them, and they are easier so
-- `agreement`: responses agree on a wrong answer, more than guesses and misconceptions explain (tasks/estimates/labels.py): the most
-- probable of a profile are listed as long as half of them or more should be wrong. Where a policy errs firmly and often none is
-- `form`: of 10 or more problems of a place whose gold answers were read by the same rule not one was ever solved, and to half of them or
-- more the responses agree: 2 or more of them, and half of those that count, or they say what stands inside the gold answer. Then it is the
-- form of the gold answers that nothing can match (`columns.gold`)
-- `inversion`: a policy that is surely weaker solves it and a better one does not, by more than luck (see inversions)
-- `unscorable`: the grader could not compare one response with the gold answer
-- columns:
--   reason: agreement, form, inversion or unscorable
--   source_id: the source's own id of the problem
--   answer: the gold answer to look at
--   voted: the wrong answer that most samples gave
--   votes: samples that gave it, however it was spelt [samples]
--   vote_share: votes / n [share]
--   options: answers that there are to choose from, 0 where the answer is free; null but for agreement [options]
--   n: samples that count [samples]
--   k: of these, correct ones [samples]
--   probability: of agreement, that the gold answer is wrong; of inversion, that it is no luck; null for the others [share]
--   expected_precision: share of the profile's rows of this reason that should be so: mean probability; of inversions, that of the last one [share]
--   weaker_policy_id: the policy that is worse over the problems that both answered, and solves this one
--   weaker_policy: its name
--   weaker_accuracy: its accuracy on this problem [share]
with plain as (
    select problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, unscorable
    from problem_counts
    anti join (from stg_samplings where hints) as hinted using (sampling_id)
),

-- what most responses to each problem say instead of its gold answer, and whether that gives the gold answer's form away
told as (
    select
        plain.*,
        coalesce(try_cast(stg_problems.metadata as json) ->> '$.gold_rule', 'plain') as gold_rule,
        top_wrong_answers.voted,
        top_wrong_answers.votes,
        coalesce(
            (votes >= 2 and votes / n >= 0.5) or contains(spaced_words(stg_problems.answer), spaced_words(top_wrong_answers.voted)), false
        ) as is_telling
    from plain
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
        voted, votes[1] as votes, options, probability,
        avg(probability) over (partition by dataset, split, policy_id, sampling_id, grader_id) as expected_precision,
        null as weaker_policy_id, null::double as weaker_accuracy
    from problem_votes
    inner join label_doubts using (dataset, split, policy_id, sampling_id, grader_id, options, k, votes)
    where is_worth_a_look
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'inversion' as reason,
        null as voted, null as votes, null as options, 1 - false_share as probability,
        min(1 - false_share) over (partition by dataset, split, policy_id, sampling_id, grader_id) as expected_precision,
        weaker_policy_id, weaker_accuracy
    from inversions
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'form' as reason,
        voted, votes, null as options, null as probability, null as expected_precision, null as weaker_policy_id, null as weaker_accuracy
    from told
    inner join unmatched using (dataset, split, gold_rule, policy_id, sampling_id, grader_id)
    where is_telling
    union all
    select
        problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id, n, k, 'unscorable' as reason,
        null as voted, null as votes, null as options, null as probability, null as expected_precision, null as weaker_policy_id,
        null as weaker_accuracy
    from plain
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
    reasons.votes / nullif(reasons.n, 0) as vote_share,
    reasons.options,
    reasons.n,
    reasons.k,
    reasons.probability,
    reasons.expected_precision,
    reasons.weaker_policy_id,
    stg_policies.policy as weaker_policy,
    reasons.weaker_accuracy
from reasons
inner join problem_features as problems using (problem_id, gold_id, dataset, split)
left join stg_policies on reasons.weaker_policy_id = stg_policies.policy_id
order by
    reasons.reason, probability desc nulls last, vote_share desc, reasons.n desc, reasons.dataset, reasons.split, reasons.problem_id,
    reasons.gold_id, reasons.policy_id, reasons.sampling_id, reasons.grader_id
