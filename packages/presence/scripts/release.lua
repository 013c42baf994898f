-- Frees a slot, for good: no renewal that comes late takes it again. Of a lease that is not current: nothing.
-- KEYS: lease, last epoch of the slot. ARGV: epoch.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[2], string.format('%.0f', tonumber(ARGV[1]) + 1))
end
return 0
