-- props of a profile_switch entity: from and to, with the runtime key in place of the profile where it is given.
INSERT INTO profile_switches
SELECT shown(conv_id), shown(entity_id), whole_number(created_at_ms), whole_number(version),
    coalesce(said[1], ''), coalesce(said[3], said[2], '')
FROM (
    SELECT *, words(CASE WHEN is_json_object(entity_json) THEN switch_props(entity_json) END) AS said
    FROM $source
);
