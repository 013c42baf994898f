-- Prolongs a lease, also one that ran out or was forgotten with everything else, unless there is or was a later one of its slot.
-- KEYS: generation, lease, last epoch of the slot. ARGV: epoch, lease in ms, connector info, a random value for a missing generation.
-- Returns {the generation, 1 when the lease was current or 0 when it was not}, or nothing when a later one holds.
local epoch = tonumber(ARGV[1])
local held = redis.call('HGET', KEYS[2], 'epoch')
if math.max(tonumber(held or 0), tonumber(redis.call('GET', KEYS[3]) or 0)) > epoch then return false end
redis.call('SET', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'info', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], ARGV[4], 'NX')
return {generationAt(KEYS[1]), held == ARGV[1] and 1 or 0}
