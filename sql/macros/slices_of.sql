-- slices_of: the named slices of a problem with these features, as a list of slice and value
-- grain: macro; `unknown` stands where a feature is null
-- inputs: none
-- parameters: columns of problem_features, the length as length_band gives it
create or replace macro slices_of(dataset, subject, level, answer_type, n_images, n_choices, length) as [
    {'slice': 'dataset', 'value': dataset},
    {'slice': 'subject', 'value': coalesce(subject, 'unknown')},
    {'slice': 'level', 'value': coalesce(level, 'unknown')},
    {'slice': 'answer_type', 'value': answer_type},
    {'slice': 'images', 'value': n_images::varchar},
    {'slice': 'choices', 'value': n_choices::varchar},
    {'slice': 'question_length', 'value': length}
];
