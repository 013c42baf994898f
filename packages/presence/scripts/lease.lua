-- Takes the free slot with the least number.
-- KEYS: generation, then for each slot its lease, then for each slot its last epoch (no expiry: an epoch outlives its lease).
-- ARGV: number of slots, lease in ms, connector info, a random value for a missing generation.
-- Returns {slot, epoch, generation}, or nothing when all slots are taken.
local slots = tonumber(ARGV[1])
for slot = 0, slots - 1 do
  local leaseKey = KEYS[2 + slot]
  if redis.call('EXISTS', leaseKey) == 0 then
    local epochKey = KEYS[2 + slots + slot]
    local time = redis.call('TIME')
    local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
    local epoch = math.max(tonumber(redis.call('GET', epochKey) or 0) + 1, nowMs)
    local text = string.format('%.0f', epoch)
    redis.call('SET', epochKey, text)
    redis.call('HSET', leaseKey, 'epoch', text, 'info', ARGV[3])
    redis.call('PEXPIRE', leaseKey, ARGV[2])
    redis.call('SET', KEYS[1], ARGV[4], 'NX')
    return {slot, text, generationAt(KEYS[1])}
  end
end
return false
