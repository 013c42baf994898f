-- The schema registry keeps its schemas here: the ids in the topics' bytes must outlive its process.
CREATE DATABASE registry;
