-- Points of the worklist: figures of a customer against the rules of a strategy.  src/worklist.c.

CREATE FUNCTION credit.worklist_points(figures numeric[], rules jsonb)
RETURNS numeric AS 'MODULE_PATHNAME', 'worklist_points' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.worklist_points(numeric[], jsonb) IS 'Points of all rules that match, added up; NULL: none does. rules: an array of objects with rule_no, kind, figure (its place in figures, from 1), threshold, points, points_each, most_points and action, in the order of their numbers. A rule matches when its figure is above the threshold, and gives points + points_each x (figure - threshold), at most most_points, rounded to 2 decimals; a NULL figure matches none. 22023 for rules that are not understood; 22003 for numbers of more than 38 digits.';

CREATE FUNCTION credit.worklist_action(figures numeric[], rules jsonb)
RETURNS text AS 'MODULE_PATHNAME', 'worklist_action' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.worklist_action(numeric[], jsonb) IS 'The action of the matching rule that gives most points, the first of equals, of those that have one; NULL: none. Arguments and errors as of worklist_points().';

CREATE FUNCTION credit.worklist_reasons(figures numeric[], rules jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME', 'worklist_reasons' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION credit.worklist_reasons(numeric[], jsonb) IS 'The rules that match, in their order: an array of objects with rule_no, kind, figure, threshold and points; NULL: none does. Arguments and errors as of worklist_points().';
