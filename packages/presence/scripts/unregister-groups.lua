-- Takes out groups' entries of one lease, current or not.
-- KEYS: one hash per group (slot -> epoch). ARGV: slot, epoch.
for _, key in ipairs(KEYS) do
  if redis.call('HGET', key, ARGV[1]) == ARGV[2] then redis.call('HDEL', key, ARGV[1]) end
end
return 0
