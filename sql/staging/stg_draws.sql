-- stg_draws: how long sampling took, per way of sampling
-- grain: policy_id x sampling_id
-- inputs: draws
-- materialized: view
-- parameters: none
-- invariants: none
-- columns:
--   responses: responses whose time is known [samples]
--   tokens: tokens of them [tokens]
--   seconds: time of the processes that drew them, added up; the engine's time, not the clock's, where several ran side by side [seconds]
select
    policy_id,
    sampling_id,
    sum(responses)::bigint as responses,
    sum(tokens)::bigint as tokens,
    sum(seconds) as seconds
from draws
group by all
