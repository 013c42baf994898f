-- Takes back claims of connections that went; of others it takes none.
-- KEYS: for each its user's hash (device, connection, order, slot, epoch). ARGV: for each the connection.
for index, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'connection') == ARGV[index] then redis.call('DEL', key) end
end
return 0
