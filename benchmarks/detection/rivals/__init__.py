"""What people use today to see whether a migration went well, asked about the same faults as the audit.

Each rival gets its best honest use: what a good engineer would write with it within an hour, knowing the schema, the
runtimes that exist and what plain metadata says.
"""
