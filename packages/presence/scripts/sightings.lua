-- Who is connected, and since when. Changes nothing.
-- KEYS: generation, then one hash per user (slot -> epoch; since). ARGV: start of the lease keys.
-- Returns {generation or false, then for each user with a location: index of his key from 0, since when, or '' when his leases ended}.
local current = {}
local found = {generationAt(KEYS[1])}
for index = 2, #KEYS do
  local entries = redis.call('HGETALL', KEYS[index])
  local since, isOnline, hasEnded = '0', false, false
  for i = 1, #entries, 2 do
    local slot = entries[i]
    if slot == 'since' then
      since = entries[i + 1]
    else
      if current[slot] == nil then current[slot] = redis.call('HGET', ARGV[1] .. slot, 'epoch') end
      if current[slot] == entries[i + 1] then isOnline = true else hasEnded = true end
    end
  end
  if isOnline or hasEnded then
    found[#found + 1] = index - 2
    found[#found + 1] = isOnline and since or ''
  end
end
return found
