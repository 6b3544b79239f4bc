"""From a folder of submissions to marks, feedback and a table."""
