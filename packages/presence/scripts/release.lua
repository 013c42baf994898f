-- Frees a slot. Of a lease that is not current: nothing. KEYS: lease. ARGV: epoch.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
