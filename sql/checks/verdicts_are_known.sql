-- verdicts_are_known: a verdict is one of the five, so that each counts somewhere
-- grain: unknown verdict
-- inputs: verdicts
-- parameters: none
select verdict, grader_id, count(*) as verdicts
from verdicts
where verdict is null or verdict not in ('correct', 'incorrect', 'unparseable', 'timeout', 'unscorable')
group by all
