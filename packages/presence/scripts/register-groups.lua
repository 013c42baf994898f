-- Enters groups under a lease that is current, and takes out what is left of ended leases.
-- KEYS: one hash per group (slot -> epoch). ARGV: start of the lease keys, slot, epoch, life of an entry in ms.
local current = {}
local function isCurrent(slot, epoch)
  if current[slot] == nil then current[slot] = redis.call('HGET', ARGV[1] .. slot, 'epoch') end
  return current[slot] == epoch
end
if not isCurrent(ARGV[2], ARGV[3]) then return 0 end
for _, key in ipairs(KEYS) do
  local entries = redis.call('HGETALL', key)
  for i = 1, #entries, 2 do
    if not isCurrent(entries[i], entries[i + 1]) then redis.call('HDEL', key, entries[i]) end
  end
  redis.call('HSET', key, ARGV[2], ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
end
return 0
