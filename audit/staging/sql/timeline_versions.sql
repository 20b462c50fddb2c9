INSERT INTO timeline_versions SELECT shown(conv_id), whole_number(version) FROM $source;
