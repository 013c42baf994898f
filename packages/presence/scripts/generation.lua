-- Stands before every script. The generation, by the key where it is stored; false: there is none.
-- The stored part comes back with a dump, or is there in a replica that takes over, while the newest registrations are missing.
-- The run_id is random at each start of a server.
local function generationAt(key)
  local stored = redis.call('GET', key)
  return stored and stored .. '@' .. string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
