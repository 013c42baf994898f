-- Whose claim counts now. Changes nothing.
-- KEYS: the user's hash (device, connection, order, slot, epoch). ARGV: start of the lease keys.
-- Returns {slot, epoch, device, connection, order}, or nothing.
local held = redis.call('HMGET', KEYS[1], 'slot', 'epoch', 'device', 'connection', 'order')
if held[1] and redis.call('HGET', ARGV[1] .. held[1], 'epoch') == held[2] then return held end
return false
