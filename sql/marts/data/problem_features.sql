-- problem_features: what is known of a problem before anyone answers it, to slice by
-- grain: problem_id x gold_id x dataset x split
-- inputs: stg_problems
-- materialized: table
-- local by: problem_id
-- parameters: none; the metadata fields that tell a subject or a level stand below, the first that is there counts
-- invariants: sql/checks/features_are_complete: one row per row of stg_problems
-- columns:
--   source_id: the source's own id of the problem
--   answer: the gold answer, empty where the source has none that can be scored, a JSON list of texts where any one of several is right
--   subject: subject, category, topic or type, as the metadata has it; null where it tells none
--   level: level, difficulty or grade, as the metadata has it; null where it tells none
--   answer_type: of the gold answer: none, choice, several, letter, integer, decimal, fraction, expression, word or text
--   n_images: images in the question [images]
--   n_choices: options, 0 where there are none [options]
--   question_length: length of the question [characters]
--   question_words: words of the question [words]
with problems as (
    select *, try_cast(metadata as json) as fields, trim(answer, ' $') as said
    from stg_problems
)

select
    problem_id,
    gold_id,
    dataset,
    split,
    source_id,
    answer,
    coalesce(
        fields ->> '$.subject', fields ->> '$.category', fields ->> '$.topic', fields ->> '$.type',
        fields ->> '$.metadata.subject', fields ->> '$.metadata.category'
    ) as subject,
    coalesce(
        fields ->> '$.level', fields ->> '$.difficulty', fields ->> '$.grade', fields ->> '$.metadata.level', fields ->> '$.metadata.grade'
    ) as level,
    case
        when said = '' then 'none'
        when len(choices) > 0 then 'choice'
        when starts_with(said, '["') and ends_with(said, '"]') then 'several'
        when regexp_full_match(said, '\(?[A-Z]\)?') then 'letter'
        when regexp_full_match(said, '[-+]?[0-9]+(,[0-9]{3})*') then 'integer'
        when regexp_full_match(said, '[-+]?[0-9,]*[.][0-9]+') then 'decimal'
        when regexp_full_match(said, '[-+]?([0-9]+ */ *[0-9]+|\\[dt]?frac *\{[-0-9]+\} *\{[0-9]+\})') then 'fraction'
        when regexp_matches(said, '[\\^=+*/(){}<>]|[0-9]') then 'expression'
        when regexp_full_match(said, '\pL+') then 'word'
        else 'text'
    end as answer_type,
    len(images) as n_images,
    len(choices) as n_choices,
    length(question) as question_length,
    len(regexp_extract_all(question, '[\pL\pN]+')) as question_words
from problems
order by dataset, split, problem_id, gold_id
