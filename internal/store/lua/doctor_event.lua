-- Looks at events: their place in the indexes, and how many of their runs have not ended, which they are
-- kept for. An event names its first hundred runs only.
local INDEXES = { 'events', 'events:unmatched', 'events:handshake' }

local function counted(id, runs, have)
  local named, open = 0, 0
  for run in string.gmatch(runs or '', '[^,]+') do
    local state = redis.call('HGET', P .. ':run:' .. run, 'st')
    named = named + 1
    open = open + ((state == 'queued' or state == 'running') and 1 or 0)
  end
  if tonumber(have) < open or (named < 100 and tonumber(have) ~= open) then
    fault('event_miscounted', id, have, function() redis.call('HSET', P .. ':event:' .. id, 'op', open) end)
  end
end

for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':event:' .. id, 'f', 'out', 'seq', 'op', 'runs')
  if not damaged('event', id, f[1] and f[2] and f[3], INDEXES) then
    listed('events', id, f[3])
    for n = 2, #INDEXES do
      listed(INDEXES[n], id, INDEXES[n] == 'events:' .. f[2] and f[3] or nil)
    end
    if f[4] then
      counted(id, f[5], f[4])
    end
  end
end
return report(#ARGV - 2, hints)
