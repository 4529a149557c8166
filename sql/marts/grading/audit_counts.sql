-- audit_counts: what people say of each kind of verdict that an audit is drawn from
-- grain: audit_id x grader_id x policy_id x dataset x rule x verdict
-- inputs: audits, audited, response_labels
-- materialized: table
-- parameters: none
-- invariants: right_labels + wrong_labels + unsure + disputed <= drawn <= verdicts
-- columns:
--   drawn: of the verdicts, those that were drawn [samples]
--   right_labels: of the drawn, those whose response people call right [samples]
--   wrong_labels: those whose response they call wrong [samples]
--   unsure: those of which nobody is sure [samples]
--   disputed: those of which people differ [samples]
with counted as (
    select
        audited.audit_id,
        audited.grader_id,
        audited.policy_id,
        audited.dataset,
        audited.rule,
        audited.verdict,
        count(*) as drawn,
        count_if(said.label = 'right') as right_labels,
        count_if(said.label = 'wrong') as wrong_labels,
        count_if(said.label = 'unsure') as unsure,
        count_if(said.label = 'disputed') as disputed
    from audited
    left join response_labels as said using (response_id)
    group by all
)

select
    audits.*,
    coalesce(counted.drawn, 0)::bigint as drawn,
    coalesce(counted.right_labels, 0)::bigint as right_labels,
    coalesce(counted.wrong_labels, 0)::bigint as wrong_labels,
    coalesce(counted.unsure, 0)::bigint as unsure,
    coalesce(counted.disputed, 0)::bigint as disputed
from audits
left join counted using (audit_id, grader_id, policy_id, dataset, rule, verdict)
order by all
