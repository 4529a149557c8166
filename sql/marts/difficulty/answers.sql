-- answers: every judged response with its problem, its verdict, who gave it and who judged it
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id x round x sample
-- inputs: difficulty, stg_problems, stg_rollouts, stg_verdicts, stg_opinions, stg_policies, stg_samplings, grader_order
-- materialized: view
-- parameters: none
-- invariants: a response has a row for each grader that judged it, and for each place and gold answer of its problem
-- columns:
--   answer: the gold answer that it was compared with
--   first_verdict: the verdict before a judge was asked; null where none was
--   judge_said: the judge's words; null where none was asked
--   decided_by: `judge` where a judge had the last word; null where none was asked
--   band: band of the problem for this policy, sampling and grader
--   accuracy: the problem's accuracy for these [share]
select
    difficulty.dataset,
    difficulty.split,
    difficulty.problem_id,
    difficulty.gold_id,
    problems.source_id,
    problems.question,
    problems.answer,
    coalesce(stg_policies.policy, difficulty.policy_id) as policy,
    difficulty.policy_id,
    coalesce(stg_samplings.hints, false) as hints,
    coalesce(stg_samplings.sampling, difficulty.sampling_id) as sampling,
    difficulty.sampling_id,
    rollouts.round,
    rollouts.sample,
    rollouts.response,
    rollouts.n_tokens,
    rollouts.is_cut_off,
    rollouts.hint,
    grader_order.grader,
    difficulty.grader_id,
    verdicts.verdict,
    verdicts.extracted,
    verdicts.is_correct,
    opinions.first_verdict,
    opinions.judge_said,
    opinions.decided_by,
    difficulty.n,
    difficulty.k,
    difficulty.accuracy,
    difficulty.band
from difficulty
inner join stg_problems as problems using (problem_id, gold_id, dataset, split)
inner join stg_verdicts as verdicts using (problem_id, gold_id, policy_id, sampling_id, grader_id)
inner join stg_rollouts as rollouts using (problem_id, policy_id, sampling_id, round, sample)
inner join grader_order using (grader_id)
left join stg_opinions as opinions
    on opinions.problem_id = verdicts.problem_id
    and opinions.gold_id = verdicts.gold_id
    and opinions.policy_id = verdicts.policy_id
    and opinions.sampling_id = verdicts.sampling_id
    and opinions.grader_id = verdicts.grader_id
    and opinions.round = verdicts.round
    and opinions.sample = verdicts.sample
left join stg_policies using (policy_id)
left join stg_samplings using (sampling_id)
