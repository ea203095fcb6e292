-- Looks at events: their place in the indexes.
local INDEXES = { 'events', 'events:unmatched', 'events:handshake' }
for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':event:' .. id, 'f', 'out', 'seq')
  if not damaged('event', id, f[1] and f[2] and f[3], INDEXES) then
    listed('events', id, f[3])
    for n = 2, #INDEXES do
      listed(INDEXES[n], id, INDEXES[n] == 'events:' .. f[2] and f[3] or nil)
    end
  end
end
return report(#ARGV - 2, hints)
