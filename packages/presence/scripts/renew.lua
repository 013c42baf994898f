-- Prolongs a lease that is still current.
-- KEYS: generation, lease. ARGV: epoch, lease in ms, connector info, a random value for a missing generation.
-- Returns the generation, or nothing when the lease is lost.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[1] then return false end
redis.call('HSET', KEYS[2], 'info', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], ARGV[4], 'NX')
return redis.call('GET', KEYS[1])
