-- Where users and groups are, as far as their leases are current. Changes nothing.
-- KEYS: generation, then one hash per user (slot -> epoch; since) or group (slot -> epoch). ARGV: start of the lease keys.
-- Returns {generation or false, then for each location: index of its key from 0, slot, epoch}.
local current = {}
local found = {generationAt(KEYS[1])}
for index = 2, #KEYS do
  local entries = redis.call('HGETALL', KEYS[index])
  for i = 1, #entries, 2 do
    local slot = entries[i]
    if current[slot] == nil then current[slot] = slot ~= 'since' and redis.call('HGET', ARGV[1] .. slot, 'epoch') end
    if current[slot] == entries[i + 1] then
      found[#found + 1] = index - 2
      found[#found + 1] = slot
      found[#found + 1] = entries[i + 1]
    end
  end
end
return found
