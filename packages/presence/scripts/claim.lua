-- Claims of connections to be their users' only ones, decided at once. A claim counts as long as the lease it was made under.
-- KEYS: for each claim its user's hash (device, connection, order, slot, epoch).
-- ARGV: start of the lease keys, slot, epoch, life of a claim in ms, which of two devices wins ('earlier' or 'later'), then for each
-- claim: device, connection, order.
-- Returns nothing when the lease is not current, else for each claim {'held'}, {'held', slot, epoch, device, connection, order} of whom it
-- put out, or {'refused', …} by whom.
local current = {}
local function isCurrent(slot, epoch)
  if current[slot] == nil then current[slot] = redis.call('HGET', ARGV[1] .. slot, 'epoch') end
  return current[slot] == epoch
end
if not isCurrent(ARGV[2], ARGV[3]) then return false end
local answers = {}
for index, key in ipairs(KEYS) do
  local at = 6 + (index - 1) * 3
  local device, connection, order = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local held = redis.call('HMGET', key, 'slot', 'epoch', 'device', 'connection', 'order')
  local answer = {'held'}
  local wins = true
  if held[1] and held[4] ~= connection and isCurrent(held[1], held[2]) then
    local isLater = tonumber(order) > tonumber(held[5]) or (order == held[5] and connection > held[4])
    -- The same device replaces itself, whoever else may come.
    if held[3] == device or ARGV[5] == 'later' then wins = isLater else wins = not isLater end
    if not wins then
      answer = {'refused', held[1], held[2], held[3], held[4], held[5]}
    elseif held[3] ~= device then
      answer = {'held', held[1], held[2], held[3], held[4], held[5]}
    end
  end
  if wins then
    redis.call('HSET', key, 'slot', ARGV[2], 'epoch', ARGV[3], 'device', device, 'connection', connection, 'order', order)
    redis.call('PEXPIRE', key, ARGV[4])
  end
  answers[index] = answer
end
return answers
