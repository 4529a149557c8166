-- studies_have_evaluations: the runs of a study whose policy was not evaluated
-- grain: study_id x arm x seed
-- inputs: study_scores
-- parameters: none
select study_id, arm, seed
from study_scores
where accuracy is null
