-- Takes out users' entries of one lease, current or not.
-- KEYS: one hash per user (slot -> epoch; since). ARGV: slot, epoch.
for _, key in ipairs(KEYS) do
  if redis.call('HGET', key, ARGV[1]) == ARGV[2] then
    redis.call('HDEL', key, ARGV[1])
    if redis.call('HLEN', key) == 1 then redis.call('HDEL', key, 'since') end
  end
end
return 0
