-- The infos of all current leases, by slot. KEYS: the leases.
local infos = {}
for _, key in ipairs(KEYS) do
  local info = redis.call('HGET', key, 'info')
  if info then infos[#infos + 1] = info end
end
return infos
