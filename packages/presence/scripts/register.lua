-- Enters users under a lease that is current, and takes out what is left of ended leases.
-- KEYS: the last order (no expiry), then one hash per user (slot -> epoch; since: ms of the first of those that are valid).
-- ARGV: start of the lease keys, slot, epoch, life of an entry in ms, the least order that will do.
-- Returns the order of this registration: greater than any before, also after everything was lost. As text, for it exceeds 32 bits.
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local order = string.format('%.0f', math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, nowMs, tonumber(ARGV[5])))
redis.call('SET', KEYS[1], order)
local current = {}
local function isCurrent(slot, epoch)
  if current[slot] == nil then current[slot] = redis.call('HGET', ARGV[1] .. slot, 'epoch') end
  return current[slot] == epoch
end
if not isCurrent(ARGV[2], ARGV[3]) then return order end
for index = 2, #KEYS do
  local key = KEYS[index]
  local entries = redis.call('HGETALL', key)
  local isOnline = false
  for i = 1, #entries, 2 do
    if entries[i] ~= 'since' then
      if isCurrent(entries[i], entries[i + 1]) then isOnline = true else redis.call('HDEL', key, entries[i]) end
    end
  end
  if isOnline then
    redis.call('HSETNX', key, 'since', string.format('%.0f', nowMs))
  else
    redis.call('HSET', key, 'since', string.format('%.0f', nowMs))
  end
  redis.call('HSET', key, ARGV[2], ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
end
return order
