-- spaced_words: the words and numbers of a text between single spaces, so that one text can be looked for in another as whole words
-- grain: macro; null where the text is null
-- inputs: none
-- parameters: text
create or replace macro spaced_words(text) as
    ' ' || trim(regexp_replace(lower(text), '[^\pL\pN]+', ' ', 'g')) || ' ';
